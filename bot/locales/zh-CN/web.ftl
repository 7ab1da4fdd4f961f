# HTTP 接口拒绝的请求，以及 `lianju web` 无法启动的原因。

api-not-json = 请求正文不是 JSON：请发送一个 JSON 对象。
api-content-type = 请求正文须为 { $type }：请带上请求头 Content-Type: { $type }。
api-too-long = 请求正文太长：最多 { $most } KB。
api-unknown-field = 没有字段 { $name }：请从 { $names } 中选择。
api-repeated-field = 字段 { $name } 出现了两次：请只发送一次。
api-missing-field = 缺少字段 { $name }：请补上。
api-field = 字段 { $name } 必须是{ $kind ->
    [text] 文字
    [integer] 整数
    [number] 数字
    [list] 有 1 到 20 项的列表
    [object] JSON 对象
   *[other] 另一种值
}：请修改。
api-sample-option = { $option } 只用于随机抽取：请把 mode 设为“sampled”，或不填此项。
api-group = 请求头 Lianju-Group 太长：最多 { $most } 个字符。
api-token = 令牌缺失或不对：请带上请求头 Authorization: Bearer 和服务的令牌。
api-not-found = 这个地址没有内容：请看 /openapi.json。
api-method = 这个地址不接受这种方法：请看 /openapi.json。
web-host = { $host } 不是本机的地址：请另选 --host，例如 127.0.0.1。
web-port-used = { $host } 的端口 { $port } 已被占用：请停止占用它的程序，或另选 --port。
web-listen = 无法在 { $host } 的端口 { $port } 上监听（{ $reason }）：请另选 --port 或 --host。
