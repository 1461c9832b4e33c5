/** Files that let a scheduler run a night: texts made of what stands here and nothing else. */

export interface Schedule {
  /** Words of the command: node, the program, `run`, its options. */
  readonly command: readonly string[];
  /** Folder in which it runs: where vua.config.json and the folder of the run are. Absolute. */
  readonly folder: string;
  readonly hour: number;
  readonly minute: number;
}

export const SCHEDULERS = ['systemd', 'cron', 'airflow', 'dagster'] as const;
export type Scheduler = (typeof SCHEDULERS)[number];

/** How a file is put to use, and its text by name. */
interface Written {
  readonly files: Readonly<Record<string, string>>;
  readonly next: readonly string[];
}

/** Statuses as a scheduler takes them (OPERATING.md): all is well, nothing to do, and what comes right by itself. */
const [DONE, SKIPPED, LATER] = [[0, 5], 99, 75];

export const scheduleFor: Readonly<Record<Scheduler, (schedule: Schedule) => Written>> = {
  systemd: ({ command, folder, hour, minute }) => ({
    files: {
      'vua.service': `[Unit]
Description=Vua: a night of the corpus
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=12h
StartLimitBurst=6

[Service]
Type=exec
WorkingDirectory=${unitText(folder)}
ExecStart=${command.map(unitWord).join(' ')}
SuccessExitStatus=${DONE[1]} ${SKIPPED}
RestartForceExitStatus=${LATER}
RestartSec=30min
TimeoutStartSec=infinity
TimeoutStopSec=15min
KillMode=mixed
Nice=10
IOSchedulingClass=best-effort
IOSchedulingPriority=7
NoNewPrivileges=true
PrivateTmp=true
ProtectSystem=full
`,
      'vua.timer': `[Unit]
Description=Vua: every night

[Timer]
OnCalendar=*-*-* ${two(hour)}:${two(minute)}:00
RandomizedDelaySec=10min
Persistent=true

[Install]
WantedBy=timers.target
`,
    },
    next: [
      'systemd-analyze verify vua.service vua.timer',
      'cp vua.service vua.timer ~/.config/systemd/user/',
      'systemctl --user daemon-reload && systemctl --user enable --now vua.timer',
      'loginctl enable-linger $USER     # nights without a login',
      'journalctl --user -u vua -o cat',
    ],
  }),
  cron: ({ command, folder, hour, minute }) => ({
    files: {
      'vua.cron': `# A night of the corpus. cron sends mail where a line ends with another status than 0.
SHELL=/bin/sh
${minute} ${hour} * * * ${cronText(`cd ${shellWord(folder)} && ${command.map(shellWord).join(' ')} >>vua.log 2>&1; s=$?; case $s in ${DONE.join('|')}|${SKIPPED}) ;; *) tail -n 20 vua.log; exit $s;; esac`)}
`,
    },
    next: ['(crontab -l; cat vua.cron) | crontab -'],
  }),
  airflow: (schedule) => ({
    files: { 'vua_night.py': airflowText(schedule) },
    next: ['cp vua_night.py "$AIRFLOW_HOME/dags/"', 'airflow dags test vua_night'],
  }),
  dagster: (schedule) => ({
    files: { 'vua_night.py': dagsterText(schedule) },
    next: ['dagster job execute -f vua_night.py', 'dagster dev -f vua_night.py'],
  }),
};

const pythonHead = ({ command, folder }: Schedule): string => `import subprocess
from datetime import timedelta

COMMAND = ${JSON.stringify(command)}
FOLDER = ${JSON.stringify(folder)}
`;

const airflowText = (
  schedule: Schedule,
): string => `"""A night of the corpus: ${LATER} is tried again, ${SKIPPED} is skipped, 1 to 4 are for people."""
from datetime import datetime
${pythonHead(schedule)}
try:  # Airflow 3
    from airflow.sdk import dag, task
    from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task
    from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException


@dag(
    schedule="${schedule.minute} ${schedule.hour} * * *",
    start_date=datetime(2025, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["vua"],
)
def vua_night():
    @task(retries=5, retry_delay=timedelta(minutes=30))
    def run():
        status = subprocess.run(COMMAND, cwd=FOLDER).returncode
        if status == ${SKIPPED}:
            raise AirflowSkipException("nothing new")
        if status == ${LATER}:
            raise AirflowException("try again (${LATER})")
        if status not in (${DONE.join(', ')}):
            raise AirflowFailException(f"vua run ended with {status}")

    run()


night = vua_night()
`;

const dagsterText = (
  schedule: Schedule,
): string => `"""A night of the corpus: ${LATER} is tried again, ${SKIPPED} is nothing new, 1 to 4 are for people."""
${pythonHead(schedule).replace('from datetime import timedelta\n', '')}
from dagster import Backoff, DefaultScheduleStatus, Definitions, Failure, RetryPolicy, ScheduleDefinition, job, op


@op(retry_policy=RetryPolicy(max_retries=5, delay=1800, backoff=Backoff.LINEAR))
def run_night(context) -> None:
    status = subprocess.run(COMMAND, cwd=FOLDER).returncode
    if status == ${SKIPPED}:
        context.log.info("nothing new")
    elif status not in (${DONE.join(', ')}):
        raise Failure(f"vua run ended with {status}", allow_retries=status == ${LATER})


@job
def vua_night():
    run_night()


defs = Definitions(
    jobs=[vua_night],
    schedules=[
        ScheduleDefinition(
            job=vua_night,
            cron_schedule="${schedule.minute} ${schedule.hour} * * *",
            default_status=DefaultScheduleStatus.RUNNING,
        )
    ],
)
`;

const two = (value: number): string => String(value).padStart(2, '0');

/** A word of ExecStart: `%` and `$` mean something to systemd. */
const unitWord = (word: string): string => {
  const text = unitText(word).replace(/["\\]/g, '\\$&').replaceAll('$', '$$$$');
  return /[\s"'\\;]/.test(text) ? `"${text}"` : text;
};
const unitText = (text: string): string => text.replaceAll('%', '%%');

const shellWord = (word: string): string =>
  /^[\w./:=@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
/** cron ends a command at a bare `%`. */
const cronText = (text: string): string => text.replaceAll('%', '\\%');
