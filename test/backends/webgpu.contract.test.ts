// Dawn is 130 MB and needs a Vulkan driver. EFFNET_WEBGPU_PROJECT names a project with webgpu and @tensorflow/tfjs-backend-webgpu;
// without a GPU, SwiftShader serves: VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json LD_LIBRARY_PATH=/usr/lib/chromium

import { selectBackend } from '../../src/node.js';
import { loadWebGpu } from '../../src/node/backends/nativeBackends.js';
import { backendContract } from '../contracts/backend.js';
import { importFrom } from '../support/projectPackages.js';

const project = process.env['EFFNET_WEBGPU_PROJECT'];

backendContract({
  name: 'webgpu',
  skip: project === undefined ? 'EFFNET_WEBGPU_PROJECT names no project with webgpu and @tensorflow/tfjs-backend-webgpu' : undefined,
  start: () => selectBackend([{ name: 'webgpu', load: () => loadWebGpu('selectBackend', importFrom(project ?? '')) }]),
});
