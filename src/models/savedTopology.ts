// The form of a model in a model.json.

/** A layer in a saved topology; a model nested in another is one too. */
export interface SavedLayer {
  class_name: string;
  name?: string;
  config: Record<string, unknown> & { name?: string; layers?: SavedLayer[] };
  inbound_nodes?: unknown[];
}

/** A saved topology of this library's model. */
export type SavedTopology = SavedLayer;
