"""One measurement of tf.data: python tfdata.py FOLDER resize|augment [fast]. Measures four passes after a first, prints one line of JSON."""
import json, os, sys, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import pathlib
import tensorflow as tf

folder, task, *fast = sys.argv[1:]
files = sorted(str(path) for path in pathlib.Path(folder).rglob("*.jpg"))
method = "INTEGER_FAST" if fast else "INTEGER_ACCURATE"

def load(path):
    image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3, dct_method=method)
    image = tf.image.resize(image, [224, 224])
    if task == "augment":
        image = tf.image.random_flip_left_right(image)
        image = tf.image.random_brightness(image, 25.5)
        image = tf.image.random_contrast(image, 0.8, 1.2)
        image = tf.image.random_saturation(image, 0.8, 1.2)
        angle = tf.random.uniform([], -0.1745, 0.1745)
        cos, sin = tf.cos(angle), tf.sin(angle)
        x = (223 - (cos * 223 - sin * 223)) / 2
        y = (223 - (sin * 223 + cos * 223)) / 2
        image = tf.raw_ops.ImageProjectiveTransformV3(images=image[None], transforms=[[cos, -sin, x, sin, cos, y, 0.0, 0.0]], output_shape=[224, 224],
                                                      fill_value=0.0, interpolation="BILINEAR", fill_mode="NEAREST")[0]
    return image

data = tf.data.Dataset.from_tensor_slices(files).map(load, num_parallel_calls=2).batch(32).prefetch(2)
for _ in data: pass
start, used = time.perf_counter(), time.process_time()
count = sum(len(batch) for _ in range(4) for batch in data)
elapsed, used = time.perf_counter() - start, time.process_time() - used
print(json.dumps(dict(rate=count / elapsed, milliseconds=1000 * used / count, version=f"tensorflow {tf.__version__}")))
