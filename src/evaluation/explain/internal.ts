export { GRAD_CAM_RULES, gradCamFor } from './gradCam.js';
