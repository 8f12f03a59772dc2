/**
 * Keras' name for the objects of a class in its files: `DepthwiseConv2D` is `depthwise_conv2d`; `to_snake_case` of
 * keras/src/utils/naming.py.
 */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
