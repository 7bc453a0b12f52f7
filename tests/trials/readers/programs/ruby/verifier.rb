# frozen_string_literal: true

# Verifiers of OfficeRnD, RetailCRM, onOffice and Fortis, written from the recipe pages alone.
# One JSON object a line on standard input, one answer a line on standard output.
# All texts inside are byte strings (ASCII-8BIT) that hold UTF-8.

require "json"
require "openssl"
require "digest"
require "strscan"

class Refused < StandardError
  attr_reader :reason

  def initialize(reason)
    super
    @reason = reason
  end
end

def refuse(reason)
  raise Refused, reason
end

# ---------------------------------------------------------------- JSON, read

class JsonError < StandardError; end

Num = Struct.new(:raw) do
  def whole?
    raw.match?(/\A-?[0-9]+\z/n)
  end

  # Decimal digits of a whole number; -0 is 0.
  def digits
    raw == "-0" ? "0" : raw
  end

  def to_r
    Rational(raw)
  end
end

class Obj
  attr_reader :pairs

  def initialize(pairs)
    @pairs = pairs
  end

  def [](name)
    found = @pairs.rindex { |key, _| key == name }
    found && @pairs[found][1]
  end

  def key?(name)
    @pairs.any? { |key, _| key == name }
  end
end

class JsonReader
  MAX_DEPTH = 100
  LARGEST = 2**1024 - 2**970 # from here on a number rounds to infinity
  ESCAPES = { "\"" => "\"", "\\" => "\\", "/" => "/", "b" => "\b", "f" => "\f", "n" => "\n", "r" => "\r", "t" => "\t" }.freeze

  attr_reader :repeated

  # strict: the rules of the pages. Otherwise (a question): any depth, any number, halves of pairs are kept as
  # three bytes, which are no UTF-8.
  def initialize(bytes, strict:)
    @s = StringScanner.new(bytes.b)
    @strict = strict
    @depth = 0
    @repeated = false
  end

  def read
    blanks
    value = read_value
    blanks
    fail! unless @s.eos?
    value
  end

  private

  def fail!
    raise JsonError
  end

  def blanks
    @s.skip(/[ \t\r\n]+/n)
  end

  def read_value
    if @s.skip(/"/n)
      read_string
    elsif @s.skip(/\{/n)
      nested { read_object }
    elsif @s.skip(/\[/n)
      nested { read_array }
    elsif (raw = @s.scan(/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/n))
      fail! if @strict && too_large?(raw)
      Num.new(raw)
    elsif @s.skip(/true/n)
      true
    elsif @s.skip(/false/n)
      false
    elsif @s.skip(/null/n)
      nil
    else
      fail!
    end
  end

  def nested
    @depth += 1
    fail! if @strict && @depth > MAX_DEPTH
    value = yield
    @depth -= 1
    value
  end

  def read_object
    pairs = []
    names = {}
    blanks
    return Obj.new(pairs) if @s.skip(/\}/n)

    loop do
      blanks
      fail! unless @s.skip(/"/n)
      name = read_string
      blanks
      fail! unless @s.skip(/:/n)
      blanks
      value = read_value
      @repeated = true if names.key?(name)
      names[name] = true
      pairs << [name, value]
      blanks
      next if @s.skip(/,/n)
      return Obj.new(pairs) if @s.skip(/\}/n)

      fail!
    end
  end

  def read_array
    list = []
    blanks
    return list if @s.skip(/\]/n)

    loop do
      blanks
      list << read_value
      blanks
      next if @s.skip(/,/n)
      return list if @s.skip(/\]/n)

      fail!
    end
  end

  def read_string
    out = String.new(encoding: Encoding::BINARY)
    loop do
      plain = @s.scan(/[^"\\\x00-\x1f]+/n)
      out << plain if plain
      return out if @s.skip(/"/n)

      fail! unless @s.skip(/\\/n)
      if @s.skip(/u/n)
        out << read_unicode
      else
        out << (ESCAPES[@s.get_byte] || fail!)
      end
    end
  end

  def read_unicode
    code = (@s.scan(/[0-9a-fA-F]{4}/n) || fail!).hex
    if code.between?(0xD800, 0xDBFF) && @s.check(/\\u[dD][c-fC-F][0-9a-fA-F]{2}/n)
      low = @s.scan(/\\u[0-9a-fA-F]{4}/n)[2..].hex
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
    end
    if code.between?(0xD800, 0xDFFF)
      fail! if @strict
      return [0xE0 | (code >> 12), 0x80 | ((code >> 6) & 0x3F), 0x80 | (code & 0x3F)].pack("C*")
    end
    [code].pack("U").b
  end

  def too_large?(raw)
    whole, fraction, exponent = raw.match(/\A-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?\z/n).captures
    fraction ||= ""
    digits = (whole + fraction).sub(/\A0+/n, "")
    return false if digits.empty?

    power = (exponent || "0").to_i - fraction.length
    size = digits.length + power # the value is below 10 ** size
    return false if size < 300
    return true if size > 310

    value = digits.to_i
    power >= 0 ? value * 10**power >= LARGEST : value >= LARGEST * 10**-power
  end
end

# ---------------------------------------------------------------- helpers

def utf8?(bytes)
  bytes.dup.force_encoding(Encoding::UTF_8).valid_encoding?
end

def utf8(bytes)
  bytes.dup.force_encoding(Encoding::UTF_8)
end

# Code points of a text; the text may be broken.
def characters(bytes)
  utf8(bytes).length
end

# A text or bytes of a question, as a byte string.
def text(value)
  case value
  when String then value
  when Num then value.raw
  when Obj
    if value.key?("hex")
      [value["hex"]].pack("H*")
    else
      text(value["utf8"])
    end
  else "".b
  end
end

def hmac(key, message)
  OpenSSL::HMAC.digest("SHA256", key, message)
end

def hex(bytes)
  bytes.unpack1("H*")
end

def same_digest?(digest_hex, bytes)
  OpenSSL.fixed_length_secure_compare([digest_hex].pack("H*"), bytes)
end

def base64(bytes)
  [bytes].pack("m0")
end

def digest_form?(value)
  value.match?(/\A[0-9a-f]{64}\z/n)
end

def ascii_lower(bytes)
  bytes.tr("A-Z", "a-z")
end

def split_all(bytes, separator)
  bytes.empty? ? [bytes] : bytes.split(separator, -1)
end

def find(pairs, name)
  pair = pairs.find { |key, _| key == name }
  pair && pair[1]
end

def refuse_repeated_names(pairs)
  seen = {}
  pairs.each do |name, _|
    refuse "duplicate-parameter" if seen.key?(name)
    seen[name] = true
  end
end

# JSON text of the pages, to a value. All faults but equal keys have one reason.
def read_json(bytes, fault:, repeated:)
  reader = JsonReader.new(bytes, strict: true)
  value = begin
    reader.read
  rescue JsonError
    refuse fault
  end
  refuse repeated if reader.repeated
  value
end

JSON_SHORT = { "\"" => "\\\"", "\\" => "\\\\", "\b" => "\\b", "\t" => "\\t", "\n" => "\\n", "\f" => "\\f", "\r" => "\\r" }.freeze

# As JSON.stringify writes a string.
def js_string(bytes)
  "\"".b + bytes.gsub(/["\\\x00-\x1f]/n) { |c| JSON_SHORT[c] || format("\\u%04x", c.ord) } + "\""
end

def js_object(pairs)
  "{".b + pairs.map { |name, value| js_string(name) + ":" + js_string(value) }.join(",") + "}"
end

# Behind the first ? of what is before the first #.
def query_of(target)
  before = target[0, target.index("#") || target.length]
  mark = before.index("?")
  mark ? before[(mark + 1)..] : "".b
end

def decode_component(bytes)
  refuse "malformed" if bytes.match?(/%(?![0-9a-fA-F]{2})/n)
  decoded = bytes.tr("+", " ").gsub(/%([0-9a-fA-F]{2})/n) { [Regexp.last_match(1)].pack("H2") }.b
  refuse "malformed" unless utf8?(decoded)
  decoded
end

# The pairs of a query or of an urlencoded body.
def read_pairs(bytes)
  pieces = bytes.split("&", -1).reject(&:empty?)
  refuse "too-large" if pieces.length > 200
  pieces.map do |piece|
    cut = piece.index("=")
    name = cut ? piece[0, cut] : piece
    value = cut ? piece[(cut + 1)..] : "".b
    [decode_component(name), decode_component(value)]
  end
end

def whole_seconds(value)
  value.is_a?(Num) ? value.to_r : Rational(text(value))
end

def tolerance_of(question, back, ahead)
  given = question["tolerance"]
  return [back, ahead] unless given.is_a?(Array)

  given.map { |item| whole_seconds(item) }
end

def check_age(question, timestamp, tolerance)
  now = whole_seconds(question["now"])
  refuse "stale" if now - timestamp > tolerance[0]
  refuse "from-the-future" if timestamp - now > tolerance[1]
end

# A question: what is given and what is put in, and the stages on the way.
class Question
  BINARY_STAGES = %w[bytes salt padded derived].freeze

  attr_reader :stages

  def initialize(line)
    @given = line["given"].is_a?(Obj) ? line["given"] : Obj.new([])
    @input = line["input"].is_a?(Obj) ? line["input"] : Obj.new([])
    @want_stages = line["want"] == "stages"
    @stages = {}
  end

  def [](name)
    @input.key?(name) ? @input[name] : @given[name]
  end

  def text(name)
    Object.send(:text, self[name])
  end

  def want_stages?
    @want_stages
  end

  def stage(name, bytes)
    @stages[name] = bytes
  end

  # The last stage in front of the key: nothing behind it is asked.
  def last_stage(name, bytes)
    stage(name, bytes)
    throw :stages if @want_stages
  end

  # The secret's bytes; a question for stages has none.
  def key(name = "secret", nul: true)
    return nil if @want_stages

    secret = text(name)
    refuse "empty-secret" if secret.empty?
    refuse "malformed" if !nul && secret.include?("\0")
    secret
  end

  def stages_answer
    @stages.to_h do |name, bytes|
      as_text = !BINARY_STAGES.include?(name) && utf8?(bytes)
      [name, as_text ? { "utf8" => utf8(bytes) } : { "hex" => hex(bytes) }]
    end
  end
end

def given_pairs(value)
  (value.is_a?(Array) ? value : []).map { |name, content| [text(name), text(content)] }
end

# ---------------------------------------------------------------- OfficeRnD

module OfficeRnD
  module_function

  def sign_query(q)
    key = q.key
    pairs = given_pairs(q["pairs"])
    refuse_repeated_names(pairs)
    digits = q.text("timestamp")
    json = js_object(pairs)
    q.stage("json", json)
    message = json + "." + digits
    q.last_stage("message", message)
    { "signature" => "t=".b + digits + ",signature=" + hex(hmac(key, message)) }
  end

  def fields(value)
    found = {}
    split_all(value, ",").each do |piece|
      match = piece.match(/\A([A-Za-z0-9_-]+)=([^=]*)\z/n) or refuse "malformed"
      refuse "duplicate-parameter" if found.key?(match[1])
      found[match[1]] = match[2]
    end
    refuse "missing-parameter" unless found.key?("t") && found.key?("signature")
    refuse "timestamp-in-milliseconds" if found["t"].match?(/\A[0-9]{13}\z/n)
    refuse "malformed" unless found["t"].match?(/\A[0-9]{1,12}\z/n)
    refuse "malformed" unless digest_form?(found["signature"])
    [found["t"], found["signature"]]
  end

  def unquoted(value)
    return value unless value.start_with?("\"") && value.end_with?("\"") && characters(value) > 2

    value[1..-2]
  end

  def without_quotes(pairs)
    pairs.map { |name, value| [name, name == "organizationId" ? unquoted(value) : value] }
  end

  def without_member(pairs)
    pairs.reject { |name, value| name == "memberId" && value.empty? }
  end

  def verify_query(q)
    key = q.key
    query = query_of(q.text("target"))
    q.stage("query", query)
    refuse "too-large" if characters(query) > 8192
    refuse "malformed" if query.match?(/[\x80-\xff]/n)
    all = read_pairs(query)
    refuse_repeated_names(all)
    signature = find(all, "signature")
    refuse "missing-parameter" if signature.nil?
    refuse "empty-parameter" if signature.empty?
    pairs = all.reject { |name, _| name == "signature" }
    q.stage("fields", signature)
    t, digest = fields(signature)
    q.stage("json", js_object(pairs))
    q.last_stage("message", js_object(pairs) + "." + t)

    forms = [pairs, without_member(pairs), without_quotes(pairs), without_member(without_quotes(pairs))].uniq
    signed = forms.any? { |form| same_digest?(digest, hmac(key, js_object(form) + "." + t)) }
    refuse "signature-mismatch" unless signed
    check_age(q, t.to_i, tolerance_of(q, 300, 60))
    { "parameters" => without_quotes(pairs), "timestamp" => t.to_i }
  end

  def sign_webhook(q)
    key = q.key
    digits = q.text("timestamp")
    body = q.text("body")
    q.stage("body", body)
    message = body.b + "." + digits
    q.last_stage("message", message)
    { "signature" => "t=".b + digits + ",signature=" + hex(hmac(key, message)) }
  end

  def verify_webhook(q)
    key = q.key
    body = q.text("body")
    q.stage("body", body)
    header = q.text("header")
    refuse "missing-parameter" if header.empty?
    t, digest = fields(header)
    message = body.b + "." + t
    q.last_stage("message", message)
    refuse "signature-mismatch" unless same_digest?(digest, hmac(key, message))
    check_age(q, t.to_i, tolerance_of(q, 300, 60))
    { "parameters" => [], "timestamp" => t.to_i }
  end
end

# ---------------------------------------------------------------- RetailCRM

module RetailCRM
  MEMBERS = %w[token apiKey systemUrl].freeze
  ALLOWED = %w[
    https://*.retailcrm.ru https://*.retailcrm.pro https://*.retailcrm.es https://*.retailcrm.io
    https://*.simla.com https://*.simla.io https://*.simlachat.com https://*.ecomlogic.com
  ].freeze

  module_function

  def registration_token(q)
    key = q.key(nul: false)
    api_key = q.text("api_key")
    refuse "empty-parameter" if api_key.empty?
    refuse "malformed" if api_key.include?("\0")
    q.last_stage("message", api_key)
    { "token" => hex(hmac(key, api_key)) }
  end

  def trim(bytes)
    first = bytes.index(/[^ \t]/n) or return "".b
    bytes[first..bytes.rindex(/[^ \t]/n)]
  end

  # nil for urlencoded, the boundary for multipart.
  def boundary_of(content_type)
    type, *others = split_all(content_type, ";").map { |piece| trim(piece) }
    type = ascii_lower(type)
    return nil if type == "application/x-www-form-urlencoded"

    boundaries = others.select { |piece| piece.match?(/\Aboundary=/ni) }.map { |piece| piece[9..] }
    refuse "wrong-content-type" unless type == "multipart/form-data" && boundaries.length == 1
    boundary = boundaries[0]
    boundary = boundary[1..-2] if boundary.length >= 2 && boundary.start_with?("\"") && boundary.end_with?("\"")
    refuse "wrong-content-type" unless boundary.match?(/\A[\x21\x23-\x2b\x2d-\x7e]{1,70}\z/n)
    boundary
  end

  def read_part(part)
    refuse "malformed" unless part.start_with?("\r\n")
    rest = part[2..]
    cut = rest.index("\r\n\r\n") or refuse "malformed"
    value = rest[(cut + 4)..]
    dispositions = split_all(rest[0, cut], "\r\n").select do |line|
      colon = line.index(":")
      colon && ascii_lower(line[0, colon]) == "content-disposition"
    end
    refuse "malformed" unless dispositions.length == 1
    line = dispositions[0]
    content = trim(line[(line.index(":") + 1)..])
    match = content.match(/\A(?i:form-data); (?i:name)="([^"\\\r\n]*)"\z/n) or refuse "malformed"
    [match[1], value]
  end

  def read_parts(body, boundary)
    pieces = ("\r\n".b + body).split("\r\n--".b + boundary, -1)
    refuse "malformed" if pieces.length < 3 || !pieces[0].empty? || !["--", "--\r\n"].include?(pieces[-1])
    parts = pieces[1..-2]
    refuse "too-large" if parts.length > 200
    fields = parts.map { |part| read_part(part) }
    refuse "malformed" unless fields.all? { |name, value| utf8?(name) && utf8?(value) }
    fields
  end

  def php_name(name)
    name = name.sub(/\A +/n, "")
    nul = name.index("\0")
    name = name[0, nul] if nul
    bracket = name.index("[")
    name = name[0, bracket] if bracket&.positive? && name.index("]", bracket)
    name
  end

  def fields(body, content_type)
    refuse "too-large" if body.bytesize > 65_536
    boundary = boundary_of(content_type)
    return read_parts(body, boundary) if boundary

    refuse "malformed" if body.match?(/[\x80-\xff]/n)
    read_pairs(body)
  end

  def verify_registration(q)
    key = q.key(nul: false)
    pairs = fields(q.text("body").b, q.text("content_type"))
    refuse_repeated_names(pairs)
    names = pairs.to_h { |name, _| [name, true] }
    pairs.each do |name, _|
      php = php_name(name)
      refuse "duplicate-parameter" if php != name && names.key?(php)
    end
    register = find(pairs, "register")
    refuse "missing-parameter" if register.nil?
    refuse "empty-parameter" if register.empty?
    q.stage("register", register)
    object = read_json(register, fault: "malformed", repeated: "duplicate-parameter")
    refuse "wrong-type" unless object.is_a?(Obj)
    members = object.pairs.select { |name, _| MEMBERS.include?(name) }
    q.stage("members", members.map(&:first).join(" "))
    values = MEMBERS.map { |name| find(members, name) }
    refuse "missing-parameter" if values.any?(&:nil?)
    refuse "wrong-type" unless values.all?(String)
    refuse "empty-parameter" if values.any?(&:empty?)
    token, api_key, system_url = values
    refuse "malformed" unless digest_form?(token)
    refuse "malformed" if api_key.include?("\0")
    q.last_stage("message", api_key)
    refuse "signature-mismatch" unless same_digest?(token, hmac(key, api_key))
    {
      "parameters" => members.reject { |name, _| name == "token" },
      "api_key" => api_key,
      "system_url" => system_url
    }
  end

  def canonical_system_url(q)
    match = q.text("url").match(%r{\A(https?)://([a-z0-9.-]+)(:[0-9]+)?/*\z}ni) or refuse "malformed"
    scheme = ascii_lower(match[1])
    host = ascii_lower(match[2])
    port = match[3]
    labels = split_all(host, ".")
    refuse "malformed" if labels.any? { |label| label.empty? || label.start_with?("-") || label.end_with?("-") }
    origin = scheme + "://" + host + port.to_s
    allowed = q["allowed"].is_a?(Array) ? q["allowed"].map { |entry| text(entry) } : ALLOWED
    names = [origin]
    names << "https://*." + labels[1..].join(".") if scheme == "https" && port.nil? && labels.length >= 2
    refuse "not-allowed" if (names & allowed).empty?
    { "url" => origin }
  end
end

# ---------------------------------------------------------------- onOffice

module OnOffice
  NUMBER = /\A[ \t\n\r\v\f]*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t\n\r\v\f]*\z/n

  module_function

  # Base and pairs of a URL.
  def read_url(q, target)
    refuse "malformed" unless target.match?(/\A[\x21-\x7e]*\z/n)
    before = target[0, target.index("#") || target.length]
    head = before[0, before.index("?") || before.length]
    query = query_of(target)
    q.stage("query", query)
    match = head.match(%r{\A(https?)://([^/]*)(/.*)?\z}nmi) or refuse "malformed"
    scheme, authority, path = match.captures
    at = authority.rindex("@")
    authority = authority[(at + 1)..] if at
    parts = authority.match(/\A([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]*))?\z/n) or refuse "malformed"
    port = parts[2].to_s
    refuse "malformed" if port.length > 5 || port.to_i > 65_535
    refuse "malformed" if path.nil?
    base = scheme + "://" + parts[1] + path
    q.stage("base", base)

    refuse "too-large" if query.length > 8192
    pairs = read_pairs(query)
    refuse "malformed" if pairs.any? { |name, _| name.empty? || name.match?(/[\[. \x00-\x1f\x7f]/n) }
    refuse "malformed" if pairs.any? { |name, _| name.match?(NUMBER) }
    refuse_repeated_names(pairs)
    [base, pairs]
  end

  def urlencode(bytes)
    bytes.gsub(/[^A-Za-z0-9_.-]/n) { |c| c == " " ? "+" : format("%%%02X", c.ord) }
  end

  def message(q, base, pairs)
    sorted = pairs.reject { |name, _| name == "signature" }.sort_by(&:first)
    q.stage("names", sorted.map(&:first).join(" "))
    text = base + "?" + sorted.map { |name, value| urlencode(name) + "=" + urlencode(value) }.join("&")
    q.last_stage("message", text)
    text
  end

  def string_to_sign(q)
    base, pairs = read_url(q, q.text("target"))
    { "text" => message(q, base, pairs) }
  end

  def sign_url(q)
    key = q.key
    target = q.text("target")
    base, pairs = read_url(q, target)
    refuse "duplicate-parameter" if find(pairs, "signature")
    signature = hex(hmac(key, message(q, base, pairs)))
    cut = target.index("#") || target.length
    before = target[0, cut]
    joint = if !before.include?("?") then "?"
            elsif before.end_with?("&") || query_of(target).empty? then ""
            else "&"
            end
    { "url" => before + joint + "signature=" + signature + target[cut..] }
  end

  def check_digits(digits)
    refuse "timestamp-in-milliseconds" if digits.match?(/\A[0-9]{13}\z/n)
    refuse "malformed" unless digits.match?(/\A[0-9]{1,12}\z/n)
  end

  def verify_url(q)
    key = q.key
    base, pairs = read_url(q, q.text("target"))
    signature = find(pairs, "signature")
    refuse "missing-parameter" if signature.nil?
    refuse "empty-parameter" if signature.empty?
    refuse "malformed" unless digest_form?(signature)
    timestamp = find(pairs, "timestamp")
    refuse "missing-parameter" if timestamp.nil?
    refuse "empty-parameter" if timestamp.empty?
    check_digits(timestamp)
    text = message(q, base, pairs)
    refuse "signature-mismatch" unless same_digest?(signature, hmac(key, text))
    check_age(q, timestamp.to_i, tolerance_of(q, 300, 120))
    { "parameters" => pairs.reject { |name, _| name == "signature" }, "timestamp" => timestamp.to_i }
  end

  def children(value)
    case value
    when Obj then value.pairs.map(&:last)
    when Array then value
    else []
    end
  end

  def depth(value)
    return 0 unless value.is_a?(Obj) || value.is_a?(Array)

    1 + (children(value).map { |child| depth(child) }.max || 0)
  end

  def any_inside?(value, &test)
    children(value).any? { |child| test.call(child) || any_inside?(child, &test) }
  end

  def php_list?(value)
    value.is_a?(Obj) && !value.pairs.empty? && value.pairs.each_with_index.all? { |(name, _), index| name == index.to_s }
  end

  def php_unfit_number?(value)
    value.is_a?(Num) && !(value.whole? && value.raw.to_i.between?(-(2**63), 2**63 - 1))
  end

  def php_string(bytes)
    out = String.new(encoding: Encoding::BINARY)
    utf8(bytes).each_char do |char|
      code = char.ord
      out << if code == 0x2F then "\\/"
             elsif JSON_SHORT.key?(char) then JSON_SHORT[char]
             elsif code > 0xFFFF
               rest = code - 0x10000
               format("\\u%04x\\u%04x", 0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF))
             elsif code < 0x20 || code > 0x7F then format("\\u%04x", code)
             else char.b
             end
    end
    "\"".b + out + "\""
  end

  def php_json(value)
    case value
    when Obj
      return "[]" if value.pairs.empty?

      "{" + value.pairs.map { |name, child| php_string(name) + ":" + php_json(child) }.join(",") + "}"
    when Array then "[" + value.map { |child| php_json(child) }.join(",") + "]"
    when String then php_string(value)
    when Num then value.digits
    when true then "true"
    when false then "false"
    else "null"
    end
  end

  def api_hmac(q)
    api_key = q.text("api_key")
    refuse "empty-secret" if api_key.empty?
    time = q["timestamp"]
    digits = time.is_a?(Num) && time.whole? ? time.digits : q.text("timestamp")
    check_digits(digits)
    version = q["version"].nil? ? 2 : q["version"]
    version = version.to_r if version.is_a?(Num)
    token, action_id, resource_type = %w[token action_id resource_type].map { |name| q.text(name) }
    if version == 2
      return { "hmac" => base64(hmac(api_key, digits.b + token + resource_type + action_id)) }
    end
    refuse "not-allowed" unless version == 1

    parameters = q["parameters"].nil? ? Obj.new([]) : q["parameters"]
    if parameters.is_a?(Obj)
      refuse "malformed" if parameters.pairs.any? { |name, _| name.match?(NUMBER) }
      parameters = Obj.new(parameters.pairs.sort_by(&:first))
    end
    refuse "malformed" if depth(parameters) > 100
    refuse "malformed" if any_inside?(parameters) { |value| php_list?(value) }
    refuse "wrong-type" if any_inside?(parameters) { |value| php_unfit_number?(value) }
    joined = [php_json(parameters).b, token, action_id, q.text("identifier"), q.text("resource_id"), api_key,
              digits, resource_type].join(",")
    { "hmac" => Digest::MD5.hexdigest(api_key.b + Digest::MD5.hexdigest(joined)) }
  end

  def member(value, name)
    value.is_a?(Obj) ? value[name] : nil
  end

  def check_code(value)
    code = member(member(value, "status"), "errorcode")
    refuse "unexpected-answer" unless code.is_a?(Num)
    code.raw.to_f.zero?
  end

  def unlock_answer(q)
    status = q["status"]
    refuse "platform-error" unless status.is_a?(Num) && status.to_r == 200
    body = q.text("body")
    refuse "unexpected-answer" unless utf8?(body)
    answer = read_json(body, fault: "unexpected-answer", repeated: "unexpected-answer")
    refuse "unexpected-answer" unless answer.is_a?(Obj)
    refuse "platform-error" unless check_code(answer)
    results = member(member(answer, "response"), "results")
    refuse "unexpected-answer" unless results.is_a?(Array) && results.length == 1 && results[0].is_a?(Obj)
    result = results[0]
    refuse "platform-error" unless check_code(result)
    records = member(member(result, "data"), "records")
    refuse "unexpected-answer" unless records.is_a?(Array) && records[0].is_a?(Obj)
    refuse "platform-error" unless member(member(records[0], "elements"), "success") == "success"
    { "success" => "success" }
  end
end

# ---------------------------------------------------------------- Fortis

module Fortis
  MEMBERS = %w[location_id user_id access-token contact_id contact_api_id user_oauth_url].freeze

  module_function

  def derive(secret, salt)
    d1 = Digest::MD5.digest(secret.b + salt)
    d2 = Digest::MD5.digest(d1 + secret + salt)
    d3 = Digest::MD5.digest(d2 + secret + salt)
    d1 + d2 + d3
  end

  def aes(direction, derived, bytes)
    cipher = OpenSSL::Cipher.new("aes-256-cbc")
    direction == :encrypt ? cipher.encrypt : cipher.decrypt
    cipher.padding = 0
    cipher.key = derived[0, 32]
    cipher.iv = derived[32, 16]
    cipher.update(bytes) + cipher.final
  end

  def encrypt_parameters(q)
    key = q.key
    pairs = given_pairs(q["pairs"])
    refuse_repeated_names(pairs)
    refuse "malformed" unless pairs.flatten.all? { |item| utf8?(item) }
    salt = q.text("salt").b
    refuse "malformed" unless salt.bytesize == 8
    text = js_object(pairs)
    q.stage("text", text)
    count = 16 - text.bytesize % 16
    padded = text.b + ([count] * count).pack("C*")
    q.stage("padded", padded)
    q.last_stage("salt", salt)
    bytes = "Salted__".b + salt + aes(:encrypt, derive(key, salt), padded)
    { "data" => base64(bytes) }
  end

  def decode_base64(data)
    bytes = begin
      data.unpack1("m0")
    rescue ArgumentError
      refuse "malformed"
    end
    refuse "malformed" unless base64(bytes) == data
    bytes.b
  end

  def location_form?(value)
    value.match?(/\A[0-9a-fA-F-]{24,36}\z/n)
  end

  def absent?(value)
    value.nil? || (value.is_a?(String) && (value.empty? || value.start_with?("{{")))
  end

  def read_data(q, key, data)
    refuse "too-large" if characters(data) > 8192
    refuse "empty-parameter" if data.empty?
    bytes = decode_base64(data)
    q.stage("bytes", bytes)
    refuse "malformed" unless bytes.start_with?("Salted__")
    refuse "malformed" if bytes.bytesize < 32 || bytes.bytesize % 16 != 0
    salt = bytes[8, 8]
    q.last_stage("salt", salt)
    padded = aes(:decrypt, derive(key, salt), bytes[16..])
    count = padded.getbyte(-1)
    refuse "decryption-failed" unless count.between?(1, 16) && padded.bytes.last(count).all?(count)
    text = padded[0, padded.bytesize - count]
    refuse "decryption-failed" unless utf8?(text)
    object = read_json(text, fault: "malformed", repeated: "duplicate-parameter")
    refuse "wrong-type" unless object.is_a?(Obj)
    members = object.pairs.select { |name, value| MEMBERS.include?(name) && !absent?(value) }
    refuse "wrong-type" unless members.all? { |_, value| value.is_a?(String) || (value.is_a?(Num) && value.whole?) }
    members = members.map { |name, value| [name, value.is_a?(Num) ? value.digits : value] }
    location = find(members, "location_id")
    refuse "missing-parameter" if location.nil? || find(members, "user_id").nil?
    refuse "malformed" unless location_form?(location)
    members
  end

  def decrypt_parameters(q)
    key = q.key
    { "parameters" => read_data(q, key, q.text("data")) }
  end

  def launch_hmac(q)
    key = q.key
    location = q.text("location_id")
    timestamp = q.text("timestamp")
    refuse "malformed" unless utf8?(location) && utf8?(timestamp)
    message = location.b + timestamp
    q.last_stage("message", message)
    { "hmac" => hex(hmac(key, message)) }
  end

  def verify_launch(q)
    return launch_stages(q) if q.want_stages?

    launch(q, q.key, q.text("mode"))
  end

  # A question for stages names no mode: the stages of each mode in which the launch has them.
  def launch_stages(q)
    whole = {}
    begun = {}
    reason = nil
    %w[plain encrypted].each do |mode|
      q.stages.clear
      begin
        catch(:stages) { launch(q, nil, mode) }
        whole.merge!(q.stages)
      rescue Refused => e
        reason ||= e.reason
        begun.merge!(q.stages)
      end
    end
    q.stages.clear
    q.stages.merge!(whole.empty? ? begun : whole)
    throw :stages unless q.stages.empty?
    refuse reason
  end

  def launch(q, key, mode)
    query = query_of(q.text("target"))
    q.stage("query", query) if mode == "plain"
    refuse "too-large" if characters(query) > 8192
    refuse "malformed" if query.match?(/[\x80-\xff]/n)
    pairs = read_pairs(query)
    refuse_repeated_names(pairs)
    own, other = mode == "plain" ? %w[hmac data] : %w[data hmac]
    refuse "not-allowed" if find(pairs, own).nil? && find(pairs, other)
    mode == "plain" ? plain(q, key, pairs) : encrypted(q, key, pairs)
  end

  def encrypted(q, key, pairs)
    data = find(pairs, "data")
    refuse "missing-parameter" if data.nil?
    { "mode" => "encrypted", "parameters" => read_data(q, key, data), "timestamp" => nil }
  end

  def plain(q, key, pairs)
    values = %w[hmac location_id timestamp].map { |name| find(pairs, name) }
    refuse "missing-parameter" if values.any?(&:nil?)
    refuse "empty-parameter" if values.any?(&:empty?)
    digest, location, timestamp = values
    refuse "malformed" unless digest_form?(digest)
    refuse "malformed" unless location_form?(location)
    refuse "timestamp-in-milliseconds" if timestamp.match?(/\A[0-9]{13}\z/n)
    refuse "malformed" unless timestamp.match?(/\A[0-9]{10}\z/n)
    message = location + timestamp
    q.last_stage("message", message)
    refuse "signature-mismatch" unless same_digest?(digest, hmac(key, message))
    check_age(q, timestamp.to_i, tolerance_of(q, 300, 60))
    {
      "mode" => "plain",
      "parameters" => pairs.reject { |name, value| name == "hmac" || absent?(value) },
      "timestamp" => timestamp.to_i
    }
  end
end

# ---------------------------------------------------------------- the line protocol

OPERATIONS = {
  "officernd" => [OfficeRnD, %i[sign_query verify_query sign_webhook verify_webhook]],
  "retailcrm" => [RetailCRM, %i[registration_token verify_registration canonical_system_url]],
  "onoffice" => [OnOffice, %i[string_to_sign sign_url verify_url api_hmac unlock_answer]],
  "fortis" => [Fortis, %i[encrypt_parameters decrypt_parameters launch_hmac verify_launch]]
}.flat_map { |platform, (owner, names)| names.map { |name| ["#{platform}.#{name}", owner.method(name)] } }.to_h.freeze

# Byte strings of an answer, as texts.
def as_text(value)
  case value
  when String then utf8(value)
  when Array then value.map { |item| as_text(item) }
  when Hash then value.to_h { |name, item| [as_text(name), as_text(item)] }
  else value
  end
end

def judge(line)
  operation = OPERATIONS[text(line["operation"])]
  return { "verdict" => "unsupported" } unless operation

  q = Question.new(line)
  begin
    returns = nil
    finished = catch(:stages) do
      returns = operation.call(q)
      true
    end
    return { "verdict" => "accepted", "returns" => as_text(returns) } if finished

    { "verdict" => "accepted", "stages" => q.stages_answer }
  rescue Refused => e
    return { "verdict" => "accepted", "stages" => q.stages_answer } if q.want_stages? && !q.stages.empty?

    { "verdict" => "refused", "reason" => e.reason }
  end
end

def answer(bytes)
  id = nil
  line = JsonReader.new(bytes, strict: false).read
  id = as_text(line["id"].is_a?(Num) ? line["id"].raw.to_i : line["id"])
  JSON.generate({ "id" => id }.merge(judge(line)), ascii_only: true)
rescue StandardError, SystemStackError => e
  warn "#{e.class}: #{e.message}" if ENV["VERIFIER_DEBUG"]
  id ||= bytes.b[/"id"[ \t]*:[ \t]*"((?:[^"\\])*)"/n, 1]&.then { |plain| utf8(plain) } # too deep to be read
  JSON.generate({ "id" => id, "verdict" => "refused", "reason" => "malformed" }, ascii_only: true)
end

if $PROGRAM_NAME == __FILE__
  $stdin.binmode
  $stdout.binmode
  $stdout.sync = true
  while (bytes = $stdin.gets)
    next if bytes.strip.empty?

    $stdout.write(answer(bytes) + "\n")
  end
end
