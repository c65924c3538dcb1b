import { Examples } from './example.js';
import { writtenExamples } from './written-examples.js';

type Json = Record<string, unknown>;
type Content = Record<string, { schema: Json; example?: unknown }>;

interface Described extends Json {
  readonly operationId: string;
  readonly parameters: readonly (Json & { name: string; required: boolean; schema: Json })[];
  readonly requestBody?: { content: Content };
  readonly responses: Record<string, { content?: Content }>;
}

/** Adds an example to each parameter that a request needs, to its body, and to its answers. */
export function withExamples(
  paths: Readonly<Record<string, Json>>,
  named: Readonly<Record<string, Json>>,
): Record<string, Json> {
  const examples = new Examples(named);
  const ofContent = (content: Content, written?: unknown): Content =>
    mapped(content, ({ schema }) => ({ schema, example: written ?? examples.of(schema) }));
  const ofOperation = (described: Described): Json => {
    const { operationId, parameters, requestBody, responses } = described;
    return {
      ...described,
      parameters: parameters.map((one) =>
        one.required && !('example' in one) ? { ...one, example: examples.of(one.schema, one.name) } : one,
      ),
      ...(requestBody && {
        requestBody: {
          ...requestBody,
          content: ofContent(requestBody.content, writtenExamples[operationId]),
        },
      }),
      responses: mapped(responses, (answer) =>
        answer.content ? { ...answer, content: ofContent(answer.content) } : answer,
      ),
    };
  };
  return mapped(paths, (methods) => mapped(methods, (described) => ofOperation(described as Described)));
}

const mapped = <T, R>(record: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
