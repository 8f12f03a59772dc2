// The system's Chromium for tests (CHROMIUM names it where it is not at a usual place); GPU work runs on SwiftShader.

import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const candidates = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = candidates.find((file) => file !== undefined && existsSync(file));

/** Why there is no browser, where there is none. */
export const noChromium = executablePath === undefined ? 'there is no Chromium on this system' : undefined;

/** Starts Chromium; the caller closes it. */
export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: executablePath ?? '', args: ['--no-sandbox', ...args] });
}

/** Switches that give a machine without a GPU WebGL and WebGPU. */
export const SOFTWARE_GPU = [
  '--enable-unsafe-swiftshader',
  '--use-angle=swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
];

/** Why whole networks and long training on the software GPU are left out, where they are. */
export const tooSlow =
  process.env['EFFNET_BROWSER_SLOW'] === undefined
    ? 'a software GPU takes half a minute for it, and EFFNET_BROWSER_SLOW is not set'
    : undefined;
