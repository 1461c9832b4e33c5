/** Files that run one command as several ranks: an array of Slurm, an indexed Job of Kubernetes; and `vua merge` behind it. */
import { badInput } from '../../crawlers/shell/errors.ts';

export interface RankJob {
  /** Words that start the program: node, main.js. */
  readonly program: readonly string[];
  /** Words of the command that every rank runs: `clean --input warc --out documents`. */
  readonly line: readonly string[];
  readonly ranks: number;
  /** In which it runs; all ranks see it. Absolute. */
  readonly folder: string;
}

export const RANK_RUNNERS = ['slurm', 'k8s'] as const;
export type RankRunner = (typeof RANK_RUNNERS)[number];

const word = (text: string): string => (/^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
const words = (all: readonly string[]): string => all.map(word).join(' ');

/** The folder that ranks make together. @throws ToolkitError BAD_OPTION (exit 2) */
function outOf(line: readonly string[]): string {
  const out = line[line.indexOf('--out') + 1];
  if (line.includes('--out') && out !== undefined) return out;
  throw badInput(
    'BAD_OPTION',
    `--line ${line.join(' ')}: has no --out`,
    'vua init slurm --line "clean --input warc --out documents"',
  );
}

/** Waits for others so long in a place before the next pass: where all ranks run at once one pass is enough. */
const [TRIES, PAUSE_S] = [12, 5];

interface Written {
  readonly files: Readonly<Record<string, string>>;
  readonly next: readonly string[];
}

export const rankJobFor: Readonly<Record<RankRunner, (job: RankJob) => Written>> = {
  slurm: ({ program, line, ranks, folder }) => ({
    files: {
      'vua-ranks.sh': `#!/bin/sh
#SBATCH --job-name=vua
#SBATCH --array=0-${ranks - 1}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=vua-rank-%a.log
# One pass of all ranks. Status 75 says that others must go on first.
export VUA_WORLD_SIZE=${ranks}
cd ${word(folder)} || exit 1
try=0
while :; do
  ${words([...program, ...line])}
  status=$?
  try=$((try + 1))
  if [ $status != 75 ] || [ $try -ge ${TRIES} ]; then break; fi
  sleep ${PAUSE_S}
done
case $status in 0|5|75|99) exit 0 ;; *) exit $status ;; esac
`,
      'vua-next.sh': `#!/bin/sh
#SBATCH --job-name=vua-next
#SBATCH --open-mode=append
#SBATCH --output=vua-next.log
# Behind a pass: puts together what is whole, or starts the next pass, as long as each brings something.
unset VUA_RANK VUA_WORLD_SIZE
cd ${word(folder)} || exit 1
${words([...program, 'merge', outOf(line)])}
status=$?
if [ $status != 75 ]; then exit $status; fi
now=$(find ${word(`${outOf(line)}.partial`)} -name '*.json' | wc -l)
if [ "$now" = "\${VUA_BEFORE:-}" ]; then
  echo "nothing came with the last pass: see vua-rank-*.log, then sbatch vua-next.sh"
  exit 1
fi
pass=$(sbatch --parsable vua-ranks.sh) || exit 1
VUA_BEFORE=$now sbatch --dependency=afterany:"$pass" vua-next.sh
`,
    },
    next: [
      'pass=$(sbatch --parsable vua-ranks.sh)',
      'sbatch --dependency=afterany:$pass vua-next.sh',
      'tail -f vua-next.log',
    ],
  }),
  k8s: ({ line, ranks, folder }) => ({
    files: {
      'vua-ranks.yaml': `# Ranks of one command: every pod has its number from JOB_COMPLETION_INDEX. The claim is a volume that all of them write
# to; the image has vua on its PATH.
${jobOf(
  'vua-ranks',
  folder,
  words(['vua', ...line]),
  `  completionMode: Indexed
  completions: ${ranks}
  parallelism: ${ranks}
  backoffLimitPerIndex: 6
`,
  ranks,
)}---
# Waits until all of it is there.
${jobOf('vua-merge', folder, words(['vua', 'merge', outOf(line)]), '  backoffLimit: 6\n')}`,
    },
    next: [
      'edit vua-ranks.yaml: image, claimName, resources',
      'kubectl apply -f vua-ranks.yaml',
      'kubectl wait --for=condition=complete --timeout=-1s job/vua-merge',
    ],
  }),
};

/** A Job that tries again while it is told to wait, and does not while its options are wrong. */
const jobOf = (
  name: string,
  folder: string,
  command: string,
  how: string,
  ranks?: number,
): string => `apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}
spec:
${how}  podFailurePolicy:
    rules:
      - action: FailJob
        onExitCodes:
          containerName: vua
          operator: In
          values: [2]
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: vua
          image: vua:latest
          workingDir: ${JSON.stringify(folder)}
          command:
            - /bin/sh
            - -c
            - |
              while :; do
                ${command}
                status=$?
                if [ $status != 75 ]; then break; fi
                sleep ${PAUSE_S}
              done
              case $status in 0|5|99) exit 0 ;; *) exit $status ;; esac
${
  ranks === undefined
    ? ''
    : `          env:
            - name: VUA_WORLD_SIZE
              value: "${ranks}"
`
}          resources:
            requests:
              cpu: "1"
              memory: 2Gi
          volumeMounts:
            - name: work
              mountPath: ${JSON.stringify(folder)}
      volumes:
        - name: work
          persistentVolumeClaim:
            claimName: vua
`;
