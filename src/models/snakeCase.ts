/**
 * Returns the name that Keras uses in its files for objects of a class: `DepthwiseConv2D` becomes `depthwise_conv2d`.
 *
 * @see `to_snake_case` in keras/src/utils/naming.py
 */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
