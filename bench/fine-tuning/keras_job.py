"""The same job in Keras: our own .keras export of Lite0, frozen below block5a. Prints the accuracy on the validation images as JSON.
Arguments: FOLDER MODEL TARGET EPOCHS SEED."""
import json
import os
import resource
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

folder, path, target, epochs, seed = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
SIZE, BATCH = 224, 16
keras.utils.set_random_seed(seed)
classes = sorted(os.listdir(f"{folder}/train"))


def files(part):
    pairs = [(f"{folder}/{part}/{name}/{file}", i) for i, name in enumerate(classes) for file in sorted(os.listdir(f"{folder}/{part}/{name}"))]
    return tf.data.Dataset.from_tensor_slices(([file for file, _ in pairs], tf.one_hot([i for _, i in pairs], len(classes)))), len(pairs)


def whole(file, label):
    return tf.image.resize(tf.image.decode_jpeg(tf.io.read_file(file), channels=3), (SIZE, SIZE)), label


def crop(file, label):
    content = tf.io.read_file(file)
    box = tf.zeros((1, 0, 4))
    start, size, _ = tf.image.sample_distorted_bounding_box(
        tf.image.extract_jpeg_shape(content), box, area_range=(0.5, 1), aspect_ratio_range=(3 / 4, 4 / 3), use_image_if_no_bounding_boxes=True
    )
    image = tf.image.decode_and_crop_jpeg(content, tf.concat([start[:2], size[:2]], 0), channels=3)
    return tf.image.random_flip_left_right(tf.image.resize(image, (SIZE, SIZE))), label


train, count = files("train")
train = train.shuffle(count, seed=seed).map(crop, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH).prefetch(tf.data.AUTOTUNE)
validation, _ = files("validation")
validation = validation.map(whole, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH).prefetch(tf.data.AUTOTUNE)

network = keras.models.load_model(path, compile=False)
cut = network.get_layer("block5a_expand_conv").input
below, above = keras.Model(network.input, cut), keras.Model(cut, network.output)
below.trainable = False
for layer in above.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False
inputs = keras.Input((SIZE, SIZE, 3))
model = keras.Model(inputs, above(below(inputs, training=False)))
model.compile(
    optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-4, epochs * len(train))),
    loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
    metrics=["accuracy"],
)
history = model.fit(train, validation_data=validation, epochs=epochs, verbose=0)
model.save(f"{target}.keras")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({"accuracy": history.history["val_accuracy"][-1], "peakMegabytes": peak}))
