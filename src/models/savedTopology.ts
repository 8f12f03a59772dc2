// Types of the model topology in a model.json.

/** A layer in a saved topology. A nested model is also a layer. */
export interface SavedLayer {
  class_name: string;
  name?: string | undefined;
  config: Record<string, unknown> & { name?: string | undefined; layers?: SavedLayer[] | undefined };
  inbound_nodes?: unknown[] | undefined;
}

/** A saved model topology. */
export type SavedTopology = SavedLayer;
