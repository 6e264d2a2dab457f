/**
 * The checksums that clients of AWS send along with a body, by the header or trailer that carries them, in base64. Source:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'

type Checksum = (bytes: Uint8Array) => Buffer

export const checksums: ReadonlyMap<string, Checksum> = new Map<string, Checksum>([
  ['x-amz-checksum-crc32', bytes => fourBytes(crc32(bytes))],
  ['x-amz-checksum-crc32c', bytes => fourBytes(crc32c(bytes))],
  ['x-amz-checksum-crc64nvme', bytes => eightBytes(crc64nvme(bytes))],
  ['x-amz-checksum-sha1', bytes => Buffer.from(hash('sha1', bytes, 'hex'), 'hex')],
  ['x-amz-checksum-sha256', bytes => Buffer.from(hash('sha256', bytes, 'hex'), 'hex')],
])

function fourBytes(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function eightBytes(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}

/** Castagnoli's polynomial, lowest bit first (RFC 3720, appendix B.4). */
const CASTAGNOLI = 0x82f63b78

const castagnoliOfByte = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ CASTAGNOLI : rest >>> 1
  return rest
})

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = castagnoliOfByte[(crc ^ byte) & 0xff] ^ (crc >>> 8)
  return ~crc >>> 0
}

/** Lowest bit first (NVM Express NVM Command Set Specification 1.0d, §5.2.1.3.4). */
const NVME = 0x9a6c9329ac4bc9b5n

const nvmeOfByte = BigUint64Array.from({ length: 256 }, (_, byte) => {
  let rest = BigInt(byte)
  for (let bit = 0; bit < 8; bit++) rest = rest & 1n ? (rest >> 1n) ^ NVME : rest >> 1n
  return rest
})

/** By way of big integers: slow, and the bodies of this service are small. */
function crc64nvme(bytes: Uint8Array): bigint {
  let crc = 0xffffffffffffffffn
  for (const byte of bytes) crc = nvmeOfByte[Number((crc ^ BigInt(byte)) & 0xffn)] ^ (crc >> 8n)
  return crc ^ 0xffffffffffffffffn
}
