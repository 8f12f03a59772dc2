// Derives the stage of a layer from its name.

/** The parts that follow the name of a block in the names of its layers. */
const ROLES = '(?:expand|dwconv|conv|bn|activation|se|project|drop|add)';

/**
 * Returns the stage of a layer: `input`, `stem`, `block2`, `top` or `head`. For a block with another name, such as `mine_dwconv`, this is
 * the name of the block (`mine`). For any other layer it is the name of the layer.
 */
export function stageOf(layer: string): string {
  if (/^(?:input|rescaling)(?:_|\d|$)/.test(layer)) return 'input';
  if (/^(?:avg_pool|max_pool|top_dropout|hidden\d+|predictions)$/.test(layer)) return 'head';
  const [, stage] = /^(block\d+)[a-z]*_/.exec(layer) ?? /^(stem|top)_/.exec(layer) ?? BLOCK.exec(layer) ?? [];
  return stage ?? layer;
}

const BLOCK = new RegExp(`^(.+?)_${ROLES}(?:_.*)?$`);
