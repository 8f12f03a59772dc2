// Counts requests and times answers, and writes both in the text format of Prometheus.
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/

/** Upper bounds of the histogram's buckets, in seconds. */
const BOUNDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What the service has done. */
export interface ServiceMetrics {
  /** Counts a request by its path and status, which is 'aborted' if the client left. */
  request(path: string, status: number | 'aborted'): void;
  /** Adds the seconds from the arrival of a request to its answer. */
  answered(seconds: number, images: number): void;
  /** Numbers of classified images and of requests by status. */
  counts(): { readonly images: number; readonly statuses: Readonly<Record<string, number>> };
  /** Returns the metrics in the text format of Prometheus. */
  text(gauges: Readonly<Record<string, readonly [help: string, value: number]>>): string;
}

export function serviceMetrics(): ServiceMetrics {
  const requests = new Map<string, number>();
  const statuses: Record<string, number> = {};
  const buckets = BOUNDS.map(() => 0);
  let [images, answers, seconds] = [0, 0, 0];
  return {
    request(path, status) {
      const labels = `path="${path}",status="${status}"`;
      requests.set(labels, (requests.get(labels) ?? 0) + 1);
      statuses[status] = (statuses[status] ?? 0) + 1;
    },
    answered(time, count) {
      images += count;
      answers += 1;
      seconds += time;
      BOUNDS.forEach((bound, i) => {
        if (time <= bound) buckets[i] = (buckets[i] ?? 0) + 1;
      });
    },
    counts: () => ({ images, statuses: { ...statuses } }),
    text(gauges) {
      const duration = 'effnet_classify_seconds';
      const lines = [
        ...metric('effnet_requests_total', 'counter', 'Requests by path and status.'),
        ...[...requests].map(([labels, count]) => `effnet_requests_total{${labels}} ${count}`),
        ...metric('effnet_images_total', 'counter', 'Classified images.'),
        `effnet_images_total ${images}`,
        ...metric(duration, 'histogram', 'Seconds from the arrival of a request to its answer.'),
        ...BOUNDS.map((bound, i) => `${duration}_bucket{le="${bound}"} ${buckets[i]}`),
        `${duration}_bucket{le="+Inf"} ${answers}`,
        `${duration}_sum ${seconds}`,
        `${duration}_count ${answers}`,
      ];
      for (const [name, [help, value]] of Object.entries(gauges)) lines.push(...metric(name, 'gauge', help), `${name} ${value}`);
      return `${lines.join('\n')}\n`;
    },
  };
}

function metric(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}
