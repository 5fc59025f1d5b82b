"""Changes to a converted `.tflite` that the converter has no option for."""

import numpy as np

from kerasrestore.export.inference_graph import IMAGE, RESTORED

# Step of the bytes of image files, where white is 1.
BYTE = 1 / 255


def with_byte_images(content):
    """Changes a model's input and output images to bytes as in image files.

    The converter would turn all inputs into bytes; here sigma stays a float,
    and a step is exactly 1/255 of white.

    Args:
        content: bytes of a `.tflite` with float32 input and output.

    Returns:
        The bytes of the changed one.
    """
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    editor = _Editor(model)
    editor.use_byte_input()
    editor.use_byte_output()
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def with_wide_biases(content):
    """Gives 16-bit convolutions the 64-bit biases that LiteRT reads.

    The converter writes 32-bit biases if ranges come from fake quantization,
    and LiteRT reads them as 64-bit.

    Args:
        content: bytes of a `.tflite`.

    Returns:
        The bytes of the changed one.
    """
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    kinds = schema.TensorType
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    for graph in model.subgraphs:
        for operator in graph.operators:
            tensors = [graph.tensors[i] for i in operator.inputs if i >= 0]
            if not any(tensor.type == kinds.INT16 for tensor in tensors):
                continue
            for tensor in tensors:
                if tensor.type == kinds.INT32 and _is_bias(tensor):
                    old = model.buffers[tensor.buffer].data
                    values = np.frombuffer(bytes(old), np.int32)
                    new = schema.BufferT()
                    new.data = np.frombuffer(
                        values.astype(np.int64).tobytes(), np.uint8
                    )
                    tensor.buffer = len(model.buffers)
                    model.buffers.append(new)
                    tensor.type = kinds.INT64
            if hasattr(operator.builtinOptions, "quantizedBiasType"):
                operator.builtinOptions.quantizedBiasType = kinds.INT64
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _is_bias(tensor):
    # Shapes and axes are integers too, but have no scale.
    quantization = tensor.quantization
    return quantization is not None and quantization.scale is not None


class _Editor:
    """Changes the types of a model's input and output image."""

    def __init__(self, model):
        from ai_edge_litert import schema_py_generated as schema

        self.schema = schema
        self.model = model
        (self.signature,) = model.signatureDefs
        self.graph = model.subgraphs[self.signature.subgraphIndex]
        self.quantize = schema.BuiltinOperator.QUANTIZE
        self.dequantize = schema.BuiltinOperator.DEQUANTIZE

    def use_byte_input(self):
        entry = _entry(self.signature.inputs, IMAGE)
        old = entry.tensorIndex
        new = entry.tensorIndex = self._byte_tensor(old)
        self.graph.inputs = _replaced(self.graph.inputs, old, new)
        floats = False
        for operator in self.graph.operators:
            if old not in operator.inputs:
                continue
            if self._turns_int8(operator, self.quantize, operator.outputs):
                operator.inputs = _replaced(operator.inputs, old, new)
            else:
                floats = True
        if floats:
            operator = self._operator(self.dequantize, new, old)
            self.graph.operators.insert(0, operator)

    def use_byte_output(self):
        entry = _entry(self.signature.outputs, RESTORED)
        old = entry.tensorIndex
        new = entry.tensorIndex = self._byte_tensor(old)
        self.graph.outputs = _replaced(self.graph.outputs, old, new)
        for number, operator in enumerate(self.graph.operators):
            if old in operator.outputs and self._turns_int8(
                operator, self.dequantize, operator.inputs
            ):
                self.graph.operators[number] = self._operator(
                    self.quantize, operator.inputs[0], new
                )
                return
        self.graph.operators.append(self._operator(self.quantize, old, new))

    def _turns_int8(self, operator, kind, tensors):
        code = self.model.operatorCodes[operator.opcodeIndex].builtinCode
        tensor = self.graph.tensors[tensors[0]]
        return code == kind and tensor.type == self.schema.TensorType.INT8

    def _byte_tensor(self, like):
        like = self.graph.tensors[like]
        tensor = self.schema.TensorT()
        tensor.name = like.name + b"_bytes"
        tensor.shape = like.shape
        tensor.shapeSignature = like.shapeSignature
        tensor.hasRank = like.hasRank
        tensor.type = self.schema.TensorType.UINT8
        tensor.buffer = 0
        tensor.quantization = self.schema.QuantizationParametersT()
        tensor.quantization.scale = np.array([BYTE], np.float32)
        tensor.quantization.zeroPoint = np.array([0], np.int64)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def _operator(self, kind, source, target):
        code = self.schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = kind
        code.version = 2
        self.model.operatorCodes.append(code)
        operator = self.schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs = np.array([source], np.int32)
        operator.outputs = np.array([target], np.int32)
        return operator


def _entry(entries, name):
    return next(entry for entry in entries if entry.name == name.encode())


def _replaced(indices, old, new):
    return [new if index == old else int(index) for index in indices]
