// Which stage a layer belongs to, by its name. Summaries and freezing share this.

/** Ends of the names that the layers of blocks have after the name of their block. */
const ROLES = '(?:expand|dwconv|conv|bn|activation|se|project|drop|add)';

/**
 * The stage of a layer: `input`, `stem`, `block2`, `top` or `head`. The layers of a block of another name, such as `mine_dwconv`, belong to
 * the stage `mine`; any other layer is a stage of its own name.
 */
export function stageOf(layer: string): string {
  if (/^(?:input|rescaling)(?:_|\d|$)/.test(layer)) return 'input';
  if (/^(?:avg_pool|max_pool|top_dropout|hidden\d+|predictions)$/.test(layer)) return 'head';
  const [, stage] = /^(block\d+)[a-z]*_/.exec(layer) ?? /^(stem|top)_/.exec(layer) ?? BLOCK.exec(layer) ?? [];
  return stage ?? layer;
}

const BLOCK = new RegExp(`^(.+?)_${ROLES}(?:_.*)?$`);
