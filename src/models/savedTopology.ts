// The form of a model in a model.json.

/** A layer in a saved topology; a model nested in another is one too. */
export interface SavedLayer {
  class_name: string;
  name?: string | undefined;
  config: Record<string, unknown> & { name?: string | undefined; layers?: SavedLayer[] | undefined };
  inbound_nodes?: unknown[] | undefined;
}

/** A saved topology of this library's model. */
export type SavedTopology = SavedLayer;
