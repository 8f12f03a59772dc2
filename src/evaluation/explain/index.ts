export { classActivationMap, type ClassActivationMapOptions } from './classActivationMap.js';
export { gradCam, type GradCamOptions } from './gradCam.js';
export { type HeatMap, overlayHeat, type OverlayHeatOptions } from './heatMap.js';
export { occlusionMap, type OcclusionMapOptions } from './occlusionMap.js';
