/**
 * The part of Kubernetes' JSONPath that printer columns, scale and selectable fields use: `.spec.replicas`,
 * `.metadata.annotations.a\.b`, `['x']`, `[0]`, `[-1]`, `[*]`, `.*` and `[?(@.type=="Ready")]`.
 * Source: k8s.io/client-go/util/jsonpath.
 */
export type PathReader = (root: unknown) => unknown[];

type Step = (values: unknown[]) => unknown[];

/** Throws SyntaxError for a path outside that part. */
export function parsePath(path: string): PathReader {
  const steps: Step[] = [];
  let rest = path
    .trim()
    .replace(/^\{(.*)\}$/s, '$1')
    .replace(/^\$/, '');
  while (rest !== '') {
    const [step, length] = nextStep(rest, path);
    steps.push(step);
    rest = rest.slice(length);
  }
  return (root) => steps.reduce((values, step) => step(values), [root]);
}

const FIELD = /^\.((?:\\.|[^.[\]\\])+)/;
const QUOTED = /^\[(['"])((?:\\.|(?!\1).)*)\1\]/;
const INDEX = /^\[(-?\d+)\]/;
const ALL = /^(?:\[\*\]|\.\*)/;
const FILTER =
  /^\[\?\(\s*@((?:\.[\w-]+|\[['"][^'"]*['"]\])*)\s*(?:(==|!=)\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+))\s*)?\)\]/;

function nextStep(rest: string, path: string): [Step, number] {
  const all = ALL.exec(rest);
  if (all) return [each(childrenOf), all[0].length];
  const field = FIELD.exec(rest);
  if (field) return [member(field[1]!.replace(/\\(.)/g, '$1')), field[0].length];
  const quoted = QUOTED.exec(rest);
  if (quoted) return [member(quoted[2]!.replace(/\\(.)/g, '$1')), quoted[0].length];
  const index = INDEX.exec(rest);
  if (index) return [each((value) => (Array.isArray(value) ? [value.at(Number(index[1]))] : [])), index[0].length];
  const filter = FILTER.exec(rest);
  if (filter) return [filterStep(filter), filter[0].length];
  if (rest === '.') return [(values) => values, 1];
  throw new SyntaxError(`unrecognized JSONPath ${JSON.stringify(path)}`);
}

function each(read: (value: unknown) => unknown[]): Step {
  return (values) => values.flatMap((value) => read(value).filter((found) => found !== undefined));
}

function member(key: string): Step {
  return each((value) => (isObject(value) && Object.hasOwn(value, key) ? [value[key]] : []));
}

function childrenOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

/** Without an operator, members that have the field pass. */
function filterStep([, inner, operator, double, single, bare]: RegExpExecArray): Step {
  const read = parsePath(inner!);
  const wanted = double ?? single ?? bare;
  const passes = (value: unknown) => {
    const [found] = read(value);
    if (!operator) return found !== undefined;
    return (found !== undefined && String(found) === wanted) === (operator === '==');
  };
  return each((value) => childrenOf(value).filter(passes));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
