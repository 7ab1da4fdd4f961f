# Ray Serve 上應用的參數，寫給執行機器人的人。

cluster-unknown = 叢集沒有 { $name } 這個選項：請從 { $names } 中選擇。
cluster-value = { $name } 必須是{ $name ->
    [gpus] 每個副本的 GPU 數，不小於 0
   *[other] 從 1 起的整數
}，不能是 { $value }。
cluster-maximum = max_replicas（{ $most }）小於 replicas（{ $replicas }）：請寫一個更大的數，或者不寫它。
cluster-no-gpu = LIANJU_PROVIDER=cuda 要求每個副本都有 GPU：請加上 gpus，例如 gpus=1。
