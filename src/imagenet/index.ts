export { IMAGENET_CLASS_NAMES, IMAGENET_CLASSES, type ImageNetClass } from './imagenetClasses.js';
