"""Writes timm's own ONNX export as it comes, and with its dynamic padding made static. Arguments: VARIANT SIZE FOLDER."""
import sys
import warnings

import timm
import torch

warnings.filterwarnings("ignore")
variant, size, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
name = "tf_efficientnet_" + variant if not variant.startswith("v2-") else "tf_efficientnetv2_" + variant[3:]


def export(model, path):
    torch.onnx.export(
        model, torch.randn(1, 3, size, size), path, input_names=["pixel_values"], output_names=["logits"],
        dynamic_axes={"pixel_values": {0: "batch"}, "logits": {0: "batch"}}, opset_version=17, dynamo=False,
    )


def make_static(model):
    """Replaces TensorFlow's padding, worked out anew for each input, by the zeros this input size needs."""
    shapes = {}
    hooks = [
        module.register_forward_hook(lambda _, inputs, __, key=key: shapes.__setitem__(key, inputs[0].shape))
        for key, module in model.named_modules() if type(module).__name__ == "Conv2dSame"
    ]
    model(torch.zeros(1, 3, size, size))
    for hook in hooks:
        hook.remove()
    for key, (_, _, height, width) in shapes.items():
        old = model.get_submodule(key)
        pads = []
        for length, kernel, stride in ((width, old.kernel_size[1], old.stride[1]), (height, old.kernel_size[0], old.stride[0])):
            total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
            pads += [total // 2, total - total // 2]
        new = torch.nn.Conv2d(old.in_channels, old.out_channels, old.kernel_size, old.stride, groups=old.groups, bias=old.bias is not None)
        new.load_state_dict(old.state_dict())
        parent, _, leaf = key.rpartition(".")
        setattr(model.get_submodule(parent), leaf, torch.nn.Sequential(torch.nn.ZeroPad2d(pads), new))
    return model.eval()


model = timm.create_model(name, pretrained=False, exportable=True).eval()
export(model, f"{folder}/timm.onnx")
x = torch.randn(1, 3, size, size)
with torch.no_grad():
    before = model(x)
    after = make_static(model)(x)
assert torch.allclose(before, after, atol=1e-5 * float(before.abs().max())), "the static padding changes the answers"
export(model, f"{folder}/timm-static.onnx")
