# 模型包或运行它的机器可能出的问题：供运营者阅读。

bundle-not-found = { $path } 处没有模型包：那不是一个目录。
bundle-missing-file = 模型包不完整：缺少 { $path }。
bundle-unreadable-file = 无法读取 { $path }：{ $reason }。
bundle-not-a-file = { $path } 不是普通文件：模型包已损坏，请重新下载。
bundle-not-utf8 = { $path } 不是 UTF-8 文本。
bundle-file = { $path } 有误：{ $reason }。
bundle-no-checksum = { $path } 中没有 { $name } 的校验和。
bundle-size = { $path } 有 { $found } 字节，而清单记为 { $expected } 字节：模型包已损坏，请重新下载。
bundle-checksum = { $path } 不是清单所述的文件（SHA-256 不符）：模型包已损坏，请重新下载。
bundle-vocabulary = 词表有误：{ $reason }。
bundle-vocabulary-size = { $path } 有 { $found } 个词元，而模型有 { $expected } 个。
bundle-vocabulary-token = { $path } 与清单中的特殊词元 { $role } 不一致。
bundle-graph = ONNX Runtime 无法运行 { $path }：{ $reason }。
bundle-external-data = 计算图 { $path } 把数据放在清单没有为它列出的文件里：请重新导出模型。
bundle-graph-input = { $path } 缺少类型为 { $type } 的可选输入 { $name }：请重新导出模型。
bundle-graph-unknown-input = { $path } 需要输入 { $name }，而模型包格式中没有它。
bundle-graph-type = { $path } 与清单不一致：{ $name } 应为 { $expected }，实为 { $found }。
model-output = 模型输出的 { $name } 为 { $found }，而清单记为 { $expected }：需要机器人的运营者换一个模型。
provider-cuda = 这台机器无法加载 CUDA：请将 LIANJU_PROVIDER（或 --provider）设为 auto 或 cpu，或安装与此 onnxruntime-gpu 相配的 CUDA 版本。
bundle-reranker = { $path } 不是重排模型的计算图：请用 lianju-export reranker 重新生成。
bundle-no-encoder = 模型包 { $path } 没有编码器，不能对对联：请换一个模型包。
