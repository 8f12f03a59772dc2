// The current step and epoch of training, as error messages name them.

/** A step of an epoch. Both count from 0. */
export interface TrainingPlace {
  /** The function that trains, for example `fineTune`. */
  readonly where: string;
  readonly step: number;
  readonly epoch: number;
}

/** Formats the place, for example `step 3 of epoch 0`. */
export function placeText({ step, epoch }: Omit<TrainingPlace, 'where'>): string {
  return `step ${step} of epoch ${epoch}`;
}
