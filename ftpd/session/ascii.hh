// SPDX-License-Identifier: ISC
// TYPE A: lines end in CR LF on the wire and in LF in files (RFC 959, section 3.1.1.1). Streaming, in pieces
// cut anywhere.
#pragma once

#include <string>
#include <string_view>

namespace ftpd {

// LF becomes CR LF; a CR LF that is in the file stays one.
class ToNetwork {
public:
    void convert(std::string_view bytes, std::string& out);

private:
    bool after_return_ = false;
};

// CR LF becomes LF; any other CR stays.
class FromNetwork {
public:
    void convert(std::string_view bytes, std::string& out);
    // At the end: a CR that came last.
    void finish(std::string& out);

private:
    bool after_return_ = false;
};

} // namespace ftpd
