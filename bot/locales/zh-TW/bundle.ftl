# 模型包或執行它的機器可能出的問題：供營運者閱讀。

bundle-not-found = { $path } 處沒有模型包：那不是一個目錄。
bundle-missing-file = 模型包不完整：缺少 { $path }。
bundle-unreadable-file = 無法讀取 { $path }：{ $reason }。
bundle-not-a-file = { $path } 不是一般檔案：模型包已損壞，請重新下載。
bundle-not-utf8 = { $path } 不是 UTF-8 文字。
bundle-file = { $path } 有誤：{ $reason }。
bundle-no-checksum = { $path } 中沒有 { $name } 的校驗和。
bundle-size = { $path } 有 { $found } 位元組，而清單記為 { $expected } 位元組：模型包已損壞，請重新下載。
bundle-checksum = { $path } 不是清單所述的檔案（SHA-256 不符）：模型包已損壞，請重新下載。
bundle-vocabulary = 詞表有誤：{ $reason }。
bundle-vocabulary-size = { $path } 有 { $found } 個詞元，而模型有 { $expected } 個。
bundle-vocabulary-token = { $path } 與清單中的特殊詞元 { $role } 不一致。
bundle-graph = ONNX Runtime 無法執行 { $path }：{ $reason }。
bundle-external-data = 計算圖 { $path } 把資料放在清單沒有為它列出的檔案裡：請重新匯出模型。
bundle-graph-input = { $path } 缺少類型為 { $type } 的可選輸入 { $name }：請重新匯出模型。
bundle-graph-unknown-input = { $path } 需要輸入 { $name }，而模型包格式中沒有它。
bundle-graph-type = { $path } 與清單不一致：{ $name } 應為 { $expected }，實為 { $found }。
model-output = 模型輸出的 { $name } 為 { $found }，而清單記為 { $expected }：需要機器人的營運者換一個模型。
provider-cuda = 這台機器無法載入 CUDA：請將 LIANJU_PROVIDER（或 --provider）設為 auto 或 cpu，或安裝與此 onnxruntime-gpu 相配的 CUDA 版本。
bundle-reranker = { $path } 不是重排模型的計算圖：請用 lianju-export reranker 重新產生。
bundle-no-encoder = 模型包 { $path } 沒有編碼器，不能對對聯：請換一個模型包。
