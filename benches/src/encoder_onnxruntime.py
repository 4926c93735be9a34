"""The other contestant of the encoder's bench: the same weights in onnxruntime.

usage: encoder_onnxruntime.py MODEL_FOLDER   (needs numpy, onnx and onnxruntime)

Reads lines of "threads texts tokens repeats", answers each with the seconds a pass took. Ids are
those the bench itself uses.
"""

import json
import os
import struct
import sys
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def read_safetensors(path):
    """The tensors of a file of 32-bit numbers by name; others are left out."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        body = file.read()
    tensors = {}
    for name, entry in header.items():
        if entry.get("dtype") == "F32":
            start, end = entry["data_offsets"]
            tensors[name] = np.frombuffer(body[start:end], dtype=np.float32).reshape(entry["shape"])
    return tensors


class Graph:
    """A BERT as ONNX operations; every step is one that onnxruntime has a kernel for."""

    def __init__(self, weights, config):
        self.weights = weights
        self.width = config["hidden_size"]
        self.heads = config["num_attention_heads"]
        self.layers = config["num_hidden_layers"]
        self.epsilon = config["layer_norm_eps"]
        self.nodes, self.constants, self.count = [], [], 0

    def constant(self, array):
        self.count += 1
        name = f"constant_{self.count}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, kind, inputs, **attributes):
        self.count += 1
        name = f"node_{self.count}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def weight(self, name):
        return self.constant(self.weights[name])

    def linear(self, value, name):
        product = self.node("MatMul", [value, self.constant(self.weights[name + ".weight"].T)])
        return self.node("Add", [product, self.weight(name + ".bias")])

    def normalise(self, value, name):
        inputs = [value, self.weight(name + ".weight"), self.weight(name + ".bias")]
        return self.node("LayerNormalization", inputs, axis=-1, epsilon=self.epsilon)

    def heads_of(self, value, order):
        shape = np.array([0, 0, self.heads, self.width // self.heads], dtype=np.int64)
        return self.node("Transpose", [self.node("Reshape", [value, self.constant(shape)])], perm=order)

    def attention(self, hidden, prefix):
        query, key, value = (self.linear(hidden, f"{prefix}attention.self.{part}") for part in ("query", "key", "value"))
        scores = self.node("MatMul", [self.heads_of(query, [0, 2, 1, 3]), self.heads_of(key, [0, 2, 3, 1])])
        scale = self.constant(np.array((self.width // self.heads) ** -0.5, dtype=np.float32))
        scores = self.node("Add", [self.node("Mul", [scores, scale]), "mask"])
        mixed = self.node("MatMul", [self.node("Softmax", [scores], axis=-1), self.heads_of(value, [0, 2, 1, 3])])
        together = self.constant(np.array([0, 0, self.width], dtype=np.int64))
        mixed = self.node("Reshape", [self.node("Transpose", [mixed], perm=[0, 2, 1, 3]), together])
        return self.linear(mixed, f"{prefix}attention.output.dense")

    def layer(self, hidden, prefix):
        attended = self.node("Add", [self.attention(hidden, prefix), hidden])
        hidden = self.normalise(attended, f"{prefix}attention.output.LayerNorm")
        inner = self.node("Gelu", [self.linear(hidden, f"{prefix}intermediate.dense")])
        outer = self.node("Add", [self.linear(inner, f"{prefix}output.dense"), hidden])
        return self.normalise(outer, f"{prefix}output.LayerNorm")

    def model(self):
        words = self.node("Gather", [self.weight("embeddings.word_embeddings.weight"), "ids"])
        places = self.node("Gather", [self.weight("embeddings.position_embeddings.weight"), "positions"])
        kind = self.constant(self.weights["embeddings.token_type_embeddings.weight"][0])
        hidden = self.node("Add", [self.node("Add", [words, places]), kind])
        hidden = self.normalise(hidden, "embeddings.LayerNorm")
        for index in range(self.layers):
            hidden = self.layer(hidden, f"encoder.layer.{index}.")
        inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"]),
                  helper.make_tensor_value_info("positions", TensorProto.INT64, ["texts", "tokens"]),
                  helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["texts", 1, 1, "tokens"])]
        outputs = [helper.make_tensor_value_info(hidden, TensorProto.FLOAT, None)]
        graph = helper.make_graph(self.nodes, "bert", inputs, outputs, self.constants)
        return onnx.helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def session(model, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    weights = read_safetensors(os.path.join(folder, "model.safetensors"))
    model = Graph(weights, config).model().SerializeToString()
    sessions = {}
    print("ready", flush=True)
    for line in sys.stdin:
        threads, texts, tokens, repeats = map(int, line.split())
        if threads not in sessions:
            sessions[threads] = session(model, threads)
        places = np.arange(tokens, dtype=np.int64)
        rows = np.arange(texts, dtype=np.int64)[:, None]
        feeds = {"ids": 1000 + (rows * 131 + places * 17) % 20000,
                 "positions": np.broadcast_to(places, (texts, tokens)).copy(),
                 "mask": np.zeros((texts, 1, 1, tokens), dtype=np.float32)}
        sessions[threads].run(None, feeds)
        started = time.perf_counter()
        for _ in range(repeats):
            sessions[threads].run(None, feeds)
        print((time.perf_counter() - started) / repeats, flush=True)


main()
