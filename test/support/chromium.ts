// Finds and starts the Chromium of the system. CHROMIUM names it if it is not at a usual place. GPU work runs on SwiftShader.

import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const candidates = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = candidates.find((file) => file !== undefined && existsSync(file));

/** The reason why there is no browser, or `undefined`. */
export const noChromium = executablePath === undefined ? 'there is no Chromium on this system' : undefined;

/** Starts Chromium. The caller must close it. */
export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: executablePath ?? '', args: ['--no-sandbox', ...args] });
}

/** Command-line switches for WebGL and WebGPU on a machine without a GPU. */
export const SOFTWARE_GPU = [
  '--enable-unsafe-swiftshader',
  '--use-angle=swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
];

/** The reason for skipping whole networks and long training on a software GPU, or `undefined`. */
export const tooSlow =
  process.env['EFFNET_BROWSER_SLOW'] === undefined
    ? 'a software GPU takes half a minute for it, and EFFNET_BROWSER_SLOW is not set'
    : undefined;
