// Encodes TensorBoard's messages. eventFile.ts loads this file when the first event is written.

import { create, toBinary, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { EventSchema, GraphDefSchema, HParamsPluginDataSchema } from './proto/tensorboard_pb.js';

const bytesOf =
  <S extends DescMessage>(schema: S) =>
  (message: MessageInitShape<S>): Uint8Array =>
    toBinary(schema, create(schema, message));

export const eventBytes = bytesOf(EventSchema);
export const graphBytes = bytesOf(GraphDefSchema);
export const hyperParametersBytes = bytesOf(HParamsPluginDataSchema);
