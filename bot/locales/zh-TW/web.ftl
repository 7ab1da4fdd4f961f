# HTTP 介面拒絕的請求，以及 `lianju web` 無法啟動的原因。

api-not-json = 請求內容不是 JSON：請傳送一個 JSON 物件。
api-content-type = 請求內容須為 { $type }：請帶上標頭 Content-Type: { $type }。
api-too-long = 請求內容太長：最多 { $most } KB。
api-unknown-field = 沒有欄位 { $name }：請從 { $names } 中選擇。
api-repeated-field = 欄位 { $name } 出現了兩次：請只傳送一次。
api-missing-field = 缺少欄位 { $name }：請補上。
api-field = 欄位 { $name } 必須是{ $kind ->
    [text] 文字
    [integer] 整數
    [number] 數字
    [list] 有 1 到 20 項的清單
    [object] JSON 物件
   *[other] 另一種值
}：請修改。
api-sample-option = { $option } 只用於隨機抽取：請把 mode 設為「sampled」，或不填此項。
api-group = 標頭 Lianju-Group 太長：最多 { $most } 個字元。
api-token = 權杖缺少或不對：請帶上標頭 Authorization: Bearer 和服務的權杖。
api-not-found = 這個位址沒有內容：請看 /openapi.json。
api-method = 這個位址不接受這種方法：請看 /openapi.json。
web-host = { $host } 不是本機的位址：請另選 --host，例如 127.0.0.1。
web-port-used = { $host } 的連接埠 { $port } 已被占用：請停止占用它的程式，或另選 --port。
web-listen = 無法在 { $host } 的連接埠 { $port } 上監聽（{ $reason }）：請另選 --port 或 --host。
