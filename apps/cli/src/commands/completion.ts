import { Argument, Command } from 'commander';

interface Known {
  /** The command with those before it: "sessions list". */
  readonly path: string;
  readonly words: readonly string[];
}

/** Every command with what may come after it: its own commands, or its flags. */
function known(command: Command, path: readonly string[] = []): Known[] {
  const inner = command.commands.filter((one) => one.name() !== 'help');
  const flags = command.options.flatMap(({ long }) => long ?? []);
  const words = [...inner.map((one) => one.name()), ...flags, '--help'];
  return [{ path: path.join(' '), words }, ...inner.flatMap((one) => known(one, [...path, one.name()]))];
}

const bash = (commands: readonly Known[], globals: readonly string[]): string => `# bash completion for curfew
_curfew() {
  local path="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) case "\${path:+$path }$word" in ${commands
      .filter(({ path }) => path)
      .map(({ path }) => `"${path}"`)
      .join('|')}) path="\${path:+$path }$word" ;; esac ;; esac
  done
  case "$path" in
${commands.map(({ path, words }) => `    "${path}") COMPREPLY=($(compgen -W "${[...words, ...globals].join(' ')}" -- "\${COMP_WORDS[COMP_CWORD]}")) ;;`).join('\n')}
  esac
}
complete -o default -F _curfew curfew`;

const zsh = (commands: readonly Known[], globals: readonly string[]): string =>
  `#compdef curfew\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands, globals)}`;

const fish = (commands: readonly Known[], globals: readonly string[]): string => {
  const lines = commands.flatMap(({ path, words }) => {
    const given =
      path === ''
        ? ''
        : path
            .split(' ')
            .map((name) => `__fish_seen_subcommand_from ${name}`)
            .join('; and ');
    const condition = path === '' ? '__fish_use_subcommand' : given;
    return words.map((word) =>
      word.startsWith('--')
        ? `complete -c curfew -n '${condition}' -l ${word.slice(2)}`
        : `complete -c curfew -f -n '${condition}' -a ${word}`,
    );
  });
  return [...lines, ...globals.map((flag) => `complete -c curfew -l ${flag.slice(2)}`)].join('\n');
};

const shells = { bash, zsh, fish } as const;

/** `curfew completion`. */
export const completion = (): Command =>
  new Command('completion')
    .summary('completion for your shell')
    .addArgument(new Argument('<shell>').choices(Object.keys(shells)))
    .addHelpText(
      'after',
      '\nExamples:\n  source <(npx curfew completion bash)\n  npx curfew completion zsh > ~/.zfunc/_curfew\n  npx curfew completion fish > ~/.config/fish/completions/curfew.fish',
    )
    .action((shell: keyof typeof shells, _: unknown, command: Command) => {
      const top = command.parent!;
      const globals = top.options.flatMap(({ long }) => long ?? []);
      process.stdout.write(`${shells[shell](known(top), globals)}\n`);
    });
