import {
  DeleteParametersCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  type Parameter,
  ParameterAlreadyExists,
  PutParameterCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';

/** Named values under one path of SSM's Parameter Store; free of charge up to 4 KB each. */
export interface Parameters {
  /** At most ten names: one request. */
  read(names: readonly string[]): Promise<Map<string, string>>;
  readAll(): Promise<Map<string, string>>;
  put(name: string, value: string, as: 'String' | 'SecureString'): Promise<void>;
  /** In the clear. False: it is there already, and stays as it is. */
  create(name: string, value: string): Promise<boolean>;
  remove(names: readonly string[]): Promise<void>;
}

/** GetParameters and DeleteParameters take as many. */
const PAGE = 10;

/** `path` ends with a slash. SecureStrings are under the account's own key where no `kmsKeyId` is given. */
export function ssmParameters(ssm: SSMClient, path: string, kmsKeyId?: string): Parameters {
  const found = (list: readonly Parameter[] | undefined) =>
    (list ?? []).map(({ Name, Value }) => [Name!.slice(path.length), Value!] as const);
  const paths = (names: readonly string[]) => names.map((name) => path + name);
  return {
    async read(names) {
      const { Parameters } = await ssm.send(new GetParametersCommand({ Names: paths(names), WithDecryption: true }));
      return new Map(found(Parameters));
    },
    async readAll() {
      const all = new Map<string, string>();
      for (let NextToken: string | undefined; ; ) {
        const page = await ssm.send(new GetParametersByPathCommand({ Path: path, WithDecryption: true, NextToken }));
        for (const [name, value] of found(page.Parameters)) all.set(name, value);
        NextToken = page.NextToken;
        if (!NextToken) return all;
      }
    },
    async put(name, Value, Type) {
      const KeyId = Type === 'SecureString' ? kmsKeyId : undefined;
      await ssm.send(new PutParameterCommand({ Name: path + name, Value, Type, Overwrite: true, KeyId }));
    },
    async create(name, Value) {
      try {
        await ssm.send(new PutParameterCommand({ Name: path + name, Value, Type: 'String', Overwrite: false }));
        return true;
      } catch (error) {
        if (error instanceof ParameterAlreadyExists) return false;
        throw error;
      }
    },
    async remove(names) {
      for (let at = 0; at < names.length; at += PAGE)
        await ssm.send(new DeleteParametersCommand({ Names: paths(names.slice(at, at + PAGE)) }));
    },
  };
}
