// The entry of charts: Vega-Lite specs as data, and drawing them without a browser.

export {
  classBalanceChart, classScoreChart, compareCams, confusionChart, encodePng, imageGrid, planChart, imageDataUrl, precisionRecallChart,
  reliabilityChart, renderPng, renderSvg, reportData, reportPage, rocChart, scheduleChart, trainingChart,
} from './plots/index.js';
export type {
  ChartSpec, ClassScoreChartOptions, CompareCamsOptions, ConfusionChartOptions, CurveChartOptions, GalleryImage, GridImage, ImageGridOptions,
  MetricHistory, NamedModel, RenderOptions, RenderPngOptions, ReportClass, ReportContents, ReportData, ReportDecisions, ScheduleChartOptions, TrainingChartOptions, TrainingPhase,
} from './plots/index.js';
