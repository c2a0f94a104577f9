import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A shell's completion of commands and options. */
export function completion(shell: Shell, program: Command): string {
  const words = wordsOf(program);
  if (shell === 'fish') return fish(words);
  const bash = bashScript(words);
  return shell === 'bash' ? bash : `autoload -U +X bashcompinit && bashcompinit\n${bash}`;
}

interface Words {
  /** The commands before the word: '' at first, `image` after it. */
  after: string;
  words: string[];
}

function wordsOf(command: Command, after = ''): Words[] {
  const options = command.options.flatMap(({ long }) => long ?? []);
  const names = command.commands.map((sub) => sub.name());
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const own = { after, words: [...names, ...choices, ...options] };
  return [own, ...command.commands.flatMap((sub) => wordsOf(sub, `${after} ${sub.name()}`.trim()))];
}

function bashScript(words: Words[]): string {
  const cases = words.map(({ after, words: list }) => `    "${after}") words="${list.join(' ')}" ;;`).join('\n');
  return `_zeroplane() {
  local words path="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases}
    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _zeroplane -o default zeroplane
`;
}

function fish(words: Words[]): string {
  return words
    .flatMap(({ after, words: list }) => list.map((word) => fishLine(after, word)))
    .join('')
    .concat('complete -c zeroplane -f\n');
}

function fishLine(after: string, word: string): string {
  const condition = after
    ? after
        .split(' ')
        .map((name) => `__fish_seen_subcommand_from ${name}`)
        .join('; and ')
    : '__fish_use_subcommand';
  const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`;
  return `complete -c zeroplane -n '${condition}' ${what}\n`;
}
