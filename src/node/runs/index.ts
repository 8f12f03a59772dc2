export { checkpoint, type CheckpointOptions, resume, type Resumed } from './checkpoint.js';
export { checkpointFile } from './checkpointFile.js';
export { csvLog, type CsvLogOptions } from './csvLog.js';
export { eventFile, type EventFile } from './eventFile.js';
export type { ProgressStream } from './liveLine.js';
export { progressBar, type ProgressBarOptions } from './progressBar.js';
export { tensorBoard, type TensorBoardOptions } from './tensorBoard.js';
export { trainingWorkers, type TrainingWorkersOptions } from './trainingWorkers.js';
export { writeReport, type WriteReportOptions, type WrittenReport } from './writeReport.js';
