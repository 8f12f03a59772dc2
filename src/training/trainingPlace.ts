// Where training stands, as errors name it.

/** A step of an epoch; both count from 0. */
export interface TrainingPlace {
  /** The function that trains. */
  readonly where: string;
  readonly step: number;
  readonly epoch: number;
}

/** `step 3 of epoch 0` */
export function placeText({ step, epoch }: Omit<TrainingPlace, 'where'>): string {
  return `step ${step} of epoch ${epoch}`;
}
