// The entry of charts: Vega-Lite specs as data, and drawing them without a browser.

export {
  classBalanceChart, classScoreChart, confusionChart, imageGrid, planChart, precisionRecallChart, reliabilityChart, renderPng, renderSvg, rocChart,
  scheduleChart, trainingChart,
} from './plots/index.js';
export type {
  ChartSpec, ClassScoreChartOptions, ConfusionChartOptions, CurveChartOptions, GridImage, ImageGridOptions, MetricHistory, RenderOptions,
  RenderPngOptions, ScheduleChartOptions, TrainingChartOptions, TrainingPhase,
} from './plots/index.js';
