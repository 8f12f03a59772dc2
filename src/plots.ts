// The entry of charts: Vega-Lite specs as data, and drawing them without a browser.

export {
  classBalanceChart, classScoreChart, compareCams, confusionChart, encodePng, imageGrid, planChart, imageDataUrl, precisionRecallChart,
  reliabilityChart, renderPng, renderSvg, reportData, reportPage, rocChart, scheduleChart, trainingChart,
} from './plots/index.js';
export type {
  ChartHeader, ChartLayers, ChartMark, ChartMarkWithData, ChartPanel, ChartSpec, ClassScoreChartOptions, CompareCamsOptions, ConfusionChartOptions, CurveChartOptions, GalleryImage, GridImage, ImageGridOptions,
  MetricHistory, NamedModel, RenderSvgOptions, RenderPngOptions, ReportClass, ReportContents, ReportData, ReportDecisions, ScheduleChartOptions, TrainingChartOptions, TrainingPhase,
} from './plots/index.js';
