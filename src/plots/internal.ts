export { metricHistory } from './metricHistory.js';
export { confidences, reportFindings, reportSchedule, reportSettings } from './report/reportContents.js';
export { reportDataFor } from './report/reportData.js';
export { reportPageFor } from './report/reportPage.js';
