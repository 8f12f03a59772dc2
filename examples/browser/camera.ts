// The camera, or one clear sentence why there is none.

const REASONS: Readonly<Record<string, string>> = {
  NotAllowedError: "The camera is blocked: allow it for this page in the browser's settings, or drop a photo instead.",
  NotFoundError: 'There is no camera on this machine: drop a photo instead.',
  NotReadableError: 'The camera is in use by another program: close that one, or drop a photo instead.',
};

/** Shows the camera in a video element. */
export async function openCamera(video: HTMLVideoElement): Promise<void> {
  // Browsers hide the cameras from pages that came over plain http.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) throw new Error('The camera needs a page from https or localhost: drop a photo instead.');
  try {
    video.srcObject = await devices.getUserMedia({ video: { facingMode: 'environment' } });
  } catch (cause) {
    throw new Error(REASONS[(cause as DOMException).name] ?? `The camera does not start (${String(cause)}): drop a photo instead.`, {
      cause,
    });
  }
  await video.play();
  video.hidden = false;
  // A camera that faces the person is shown like a mirror. Photos are not mirrored.
  const [track] = video.srcObject.getVideoTracks();
  video.classList.toggle('mirrored', track?.getSettings().facingMode !== 'environment');
}

/** Turns the camera off. */
export function closeCamera(video: HTMLVideoElement): void {
  for (const track of (video.srcObject as MediaStream | null)?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  video.hidden = true;
}

/** What the camera sees, as a picture to keep. */
export async function takePicture(video: HTMLVideoElement): Promise<Blob> {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext('2d')?.drawImage(video, 0, 0);
  return canvas.convertToBlob();
}
