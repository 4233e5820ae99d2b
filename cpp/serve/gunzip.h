// Decompression, for the tests of what compresses.
// Floor: serve, tests only.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace toolvitals {

// The text of a gzip file, which is at most `size` bytes long.
inline std::string Gunzip(const std::string& compressed, size_t size) {
  std::string out(size + 1, '\0');
  z_stream stream = {};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

}  // namespace toolvitals
