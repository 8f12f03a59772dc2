"""Trains model.keras on the records train-*, on every host that TF_CONFIG names: train.py FOLDER NAME.

Each host runs this with its own index in TF_CONFIG, and the same folder. The first writes NAME.keras, and into NAME.json what Keras says of it.
"""

import glob
import json
import os
import sys
import time

start = time.perf_counter()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import keras
import tensorflow as tf

FOLDER, NAME = sys.argv[1:]
GLOBAL_BATCH, EPOCHS, RATE = 16, 1, 1e-3

config = json.loads(os.environ.get("TF_CONFIG", "{}"))
hosts = config.get("cluster", {}).get("worker", [])
strategy = tf.distribute.MultiWorkerMirroredStrategy() if len(hosts) > 1 else tf.distribute.get_strategy()


def pictures(part):
    """The pictures and labels of a part, in the order in which they were written: a record of each shard in turn."""

    def parse(record):
        fields = {"image": tf.io.FixedLenFeature([], tf.string), "label": tf.io.FixedLenFeature([], tf.int64)}
        example = tf.io.parse_single_example(record, fields)
        return tf.cast(tf.io.decode_png(example["image"], channels=3), tf.float32), example["label"]

    shards = sorted(glob.glob(os.path.join(FOLDER, f"{part}-*-of-*")))
    return tf.data.Dataset.from_tensor_slices(shards).interleave(tf.data.TFRecordDataset, cycle_length=len(shards)).map(parse)


# Each host takes its part of every batch of 16, so that two train on the very batches of one. For data too large to be read by each,
# AutoShardPolicy.FILE gives each host shards of its own.
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
batches = strategy.experimental_distribute_dataset(
    pictures("train").batch(GLOBAL_BATCH, drop_remainder=True).repeat(EPOCHS).with_options(options)
)

with strategy.scope():
    # What TypeScript froze is frozen here, too.
    model = keras.saving.load_model(os.path.join(FOLDER, "model.keras"))
    optimizer = keras.optimizers.SGD(RATE, momentum=0.9)
    optimizer.build(model.trainable_variables)


@tf.function
def train_step(images, labels):
    def on_host(images, labels):
        with tf.GradientTape() as tape:
            losses = keras.losses.sparse_categorical_crossentropy(labels, model(images, training=True))
            # The optimizer adds up the gradients of all hosts: divided by the whole batch, they make its mean.
            loss = tf.reduce_sum(losses) / GLOBAL_BATCH
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    return strategy.reduce(tf.distribute.ReduceOp.SUM, strategy.run(on_host, args=(images, labels)), axis=None)


losses, times = [], [time.perf_counter()]
for batch in batches:
    losses.append(float(train_step(*batch)))
    times.append(time.perf_counter())

if config.get("task", {}).get("index", 0) == 0:
    file = os.path.join(FOLDER, f"{NAME}.keras")
    model.save(file)
    # The file is read again, outside of the strategy: what is measured is what was saved.
    trained = keras.saving.load_model(file)
    images, labels = (tf.stack(values) for values in zip(*pictures("validation")))
    probabilities = trained.predict(images, verbose=0)
    said = {
        "losses": losses,
        # Starting is importing, meeting the other hosts, and the first step, which compiles.
        "startSeconds": times[1] - start,
        "secondsPerStep": (times[-1] - times[1]) / (len(losses) - 1),
        "loss": float(keras.losses.sparse_categorical_crossentropy(labels, probabilities).numpy().mean()),
        "accuracy": float((probabilities.argmax(1) == labels.numpy()).mean()),
        "probabilities": probabilities.tolist(),
    }
    with open(os.path.join(FOLDER, f"{NAME}.json"), "w") as out:
        json.dump(said, out)
