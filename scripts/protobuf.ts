/** What the generators of code from protobuf definitions share. */
import type { DescriptorProto, FieldDescriptorProto, FileDescriptorProto } from 'ts-proto-descriptors';

export const TS_PROTO_OPTIONS = [
  'outputServices=generic-definitions',
  'outputJsonMethods=false',
  'outputPartialMethods=false',
  'enumsAsLiterals=true',
  'useOptionals=all',
  'forceLong=bigint',
  'esModuleInterop=true',
  'importSuffix=.ts',
  'comments=false',
];

/** Keeps only these methods and the types that they reach. In place: decoded messages hold their defaults in a prototype. */
export function pruneServices(
  file: FileDescriptorProto,
  rpcs: ReadonlySet<string>,
  keepField: (field: FieldDescriptorProto) => boolean = () => true,
): void {
  for (const service of file.service) service.method = service.method.filter((m) => rpcs.has(m.name));
  const reached = new Set<string>();
  const queue = file.service.flatMap((s) => s.method.flatMap((m) => [m.inputType, m.outputType]));
  const messages = new Map(file.messageType.map((m) => [`.${file.package}.${m.name}`, m]));
  for (let name = queue.pop(); name; name = queue.pop()) {
    const top = topLevel(name, file.package);
    if (reached.has(top)) continue;
    reached.add(top);
    const message = messages.get(top);
    if (!message) continue;
    message.field = message.field.filter(keepField);
    queue.push(...typesOf(message));
  }
  const isReached = (type: { name: string }) => reached.has(`.${file.package}.${type.name}`);
  file.messageType = file.messageType.filter(isReached);
  file.enumType = file.enumType.filter(isReached);
}

function typesOf(message: DescriptorProto): string[] {
  return [...message.field.map((f) => f.typeName).filter(Boolean), ...message.nestedType.flatMap(typesOf)];
}

/** `.runtime.v1.Container.LabelsEntry` is inside `.runtime.v1.Container`. */
function topLevel(name: string, packageName: string): string {
  const parts = name.slice(packageName.length + 2).split('.');
  return `.${packageName}.${parts[0]}`;
}
