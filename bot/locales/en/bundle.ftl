# What can be wrong with a bundle, or with the machine that runs it: read by operators.

bundle-not-found = There is no bundle at { $path }: that is not a directory.
bundle-missing-file = The bundle is incomplete: { $path } is missing.
bundle-unreadable-file = { $path } cannot be read: { $reason }.
bundle-not-a-file = { $path } is not a regular file: the bundle is damaged, so download it again.
bundle-not-utf8 = { $path } is not UTF-8 text.
bundle-file = { $path } { $reason }.
bundle-no-checksum = { $path } lists no checksum for { $name }.
bundle-size = { $path } has { $found } bytes, but its manifest says { $expected }: the bundle is damaged, so download it again.
bundle-checksum = { $path } is not the file that the manifest describes (its SHA-256 differs): the bundle is damaged, so download it again.
bundle-vocabulary = { $reason }.
bundle-vocabulary-size = { $path } has { $found } tokens, but the model has { $expected }.
bundle-vocabulary-token = { $path } and the manifest disagree on the { $role } token.
bundle-graph = { $path } is not a graph that ONNX Runtime can run: { $reason }.
bundle-external-data = The graph { $path } keeps data in files that the manifest does not name for it: export the model again.
bundle-graph-input = { $path } lacks the optional input { $name } of type { $type }: export the model again.
bundle-graph-unknown-input = { $path } needs an input { $name }, which is not part of the bundle format.
bundle-graph-type = { $path } and its manifest disagree: { $name } should be { $expected } and is { $found }.
model-output = The model returned { $name } as { $found } where its manifest says { $expected }: the operator needs another bundle.
provider-cuda = CUDA cannot be loaded on this machine: set LIANJU_PROVIDER (or --provider) to auto or cpu, or install a CUDA version that this onnxruntime-gpu works with.
bundle-reranker = { $path } is not the graph of a re-ranker: write it again with lianju-export reranker.
bundle-no-encoder = The bundle { $path } has no encoder, so it cannot answer couplets: choose another bundle.
