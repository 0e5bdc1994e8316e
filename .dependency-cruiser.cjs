/**
 * Folders are the pipeline: a folder imports only what stands above it. This is the table; `npm run lint` enforces it,
 * and lets no import cycle pass.
 */
const ALLOWED = {
  shared: [],
  backend: ['shared'],
  text: ['shared'],
  media: ['shared'],
  datasets: ['shared', 'text', 'media'],
  layers: ['shared'],
  models: ['layers', 'shared'],
  decoding: ['shared'],
  training: ['shared'],
  metrics: ['shared'],
  tasks: ['shared', 'text', 'media', 'datasets', 'layers', 'models', 'decoding', 'training', 'metrics'],
  cli: ['tasks', 'shared'],
};

const folderRules = Object.entries(ALLOWED).map(([folder, allowed]) => ({
  name: `${folder}-imports`,
  comment: `src/${folder} may import ${allowed.length === 0 ? 'nothing of ours' : allowed.join(', ')}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: {
    path: '^src/',
    pathNot: [
      `^src/(${[folder, ...allowed].join('|')})/`,
      // Of the backend, tasks compile and export with it and the command line selects it.
      ...(folder === 'tasks' ? ['^src/backend/(compile|export)\\.ts$'] : []),
      ...(folder === 'cli' ? ['^src/backend/index\\.ts$'] : []),
    ],
  },
}));

/** Packages that one place alone may import. */
const OWNERS = {
  'onnxruntime-(node|common)': 'src/backend/runtime/',
  sharp: 'src/media/',
  'fluent-ffmpeg': 'src/media/',
  tar: 'src/datasets/prepare/archive/',
  yauzl: 'src/datasets/prepare/archive/',
};

const ownerRules = Object.entries(OWNERS).map(([name, owner]) => ({
  name: `only-${owner.replaceAll('/', '-')}imports-${name.replace(/\W.*/, '')}`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^${owner}` },
  to: { path: `node_modules/${name}/` },
}));

/** A new folder needs its row in the table. */
const unknownFolder = {
  name: 'unknown-folder',
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/((${Object.keys(ALLOWED).join('|')})/|index\\.ts$)` },
  to: {},
};

/** A task builds on encoders, word vectors, and what stands in `tasks` itself; never on another task. */
const taskApart = {
  name: 'tasks-apart',
  severity: 'error',
  from: { path: '^src/tasks/([^/]+)/' },
  to: { path: '^src/tasks/[^/]+/', pathNot: '^src/tasks/($1|encoder|words)/' },
};

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
    unknownFolder,
    taskApart,
    ...folderRules,
    ...ownerRules,
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
