# Ray Serve 上应用的参数，写给运行机器人的人。

cluster-unknown = 集群没有 { $name } 这个选项：请从 { $names } 中选择。
cluster-value = { $name } 必须是{ $name ->
    [gpus] 每个副本的 GPU 数，不小于 0
   *[other] 从 1 起的整数
}，不能是 { $value }。
cluster-maximum = max_replicas（{ $most }）小于 replicas（{ $replicas }）：请写一个更大的数，或者不写它。
cluster-no-gpu = LIANJU_PROVIDER=cuda 要求每个副本都有 GPU：请加上 gpus，例如 gpus=1。
