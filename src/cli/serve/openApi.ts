// Describes the service in the form of OpenAPI 3.1.

const image = { type: 'string', format: 'binary', description: 'The bytes of an image file.' };

const classes = {
  type: 'array',
  description: 'The most probable classes, most probable first.',
  items: {
    type: 'object',
    required: ['index', 'name', 'probability'],
    properties: {
      index: { type: 'integer' },
      name: { type: ['string', 'null'], description: 'Null if the model has no class names.' },
      probability: { type: 'number', minimum: 0, maximum: 1 },
    },
  },
};

const prediction = {
  type: 'object',
  required: ['file'],
  properties: {
    file: { type: ['string', 'null'], description: 'The name of the file in the form, or null if the body is the image.' },
    classes,
    unknown: { type: 'boolean', description: 'Whether the image probably shows none of the classes. Only if the model has a threshold.' },
    error: { type: 'string', description: 'Why the image cannot be decoded, instead of classes.' },
  },
};

const json = (schema: object): object => ({ 'application/json': { schema } });
const failure = (description: string): object => ({
  description,
  content: json({ type: 'object', required: ['error'], properties: { error: { type: 'string' } } }),
});

/** Returns the OpenAPI document of the service. */
export function openApi({
  version,
  bodyBytes,
  topK,
}: {
  readonly version: string;
  readonly bodyBytes: number;
  readonly topK: number;
}): object {
  const busy = failure('Too many images wait. `Retry-After` says when to try again.');
  return {
    openapi: '3.1.0',
    info: { title: 'Image classification', version, description: `Classifies images of at most ${bodyBytes} bytes per request.` },
    paths: {
      '/classify': {
        post: {
          summary: 'Classify one image, or the files of a form.',
          parameters: [
            {
              name: 'topK',
              in: 'query',
              description: 'Number of classes for each image.',
              schema: { type: 'integer', minimum: 1, default: topK },
            },
          ],
          requestBody: {
            required: true,
            content: {
              'application/octet-stream': { schema: image },
              'image/*': { schema: image },
              'multipart/form-data': { schema: { type: 'object', additionalProperties: { type: 'array', items: image } } },
            },
          },
          responses: {
            200: {
              description: 'The classes of each image.',
              content: json({
                type: 'object',
                required: ['predictions'],
                properties: { predictions: { type: 'array', items: prediction } },
              }),
            },
            400: failure('The request is incomplete.'),
            408: failure('The request did not arrive in time.'),
            413: failure('The body is too large.'),
            415: failure('No file is an image that can be decoded.'),
            500: failure('The model failed.'),
            503: busy,
          },
        },
      },
      '/health': {
        get: { summary: 'State of the service.', responses: { 200: { description: 'It answers.' }, 503: failure('It stops.') } },
      },
      '/metrics': { get: { summary: 'Metrics in the text format of Prometheus.', responses: { 200: { description: 'The metrics.' } } } },
    },
  };
}
