// SPDX-License-Identifier: ISC
// The dialect of a person with nc: prompts without a line's end, one line for each event, and no prompt in a
// room, since nothing can be redrawn there. Lines end as the client's first one did.
#include "chatd/dialect.hh"

#include "common/text.hh"

namespace chatd {
namespace {

class LineDialect : public Dialect {
public:
    std::string prompt(std::string_view words) const override { return std::string{words}; }
    std::string line(std::string_view words) const override { return common::text(words, end_); }
    std::string bell() const override { return "\a"; }
    void saw_crlf() override { end_ = "\r\n"; }

private:
    std::string_view end_ = "\n";
};

} // namespace

std::unique_ptr<Dialect> make_line_dialect() { return std::make_unique<LineDialect>(); }

} // namespace chatd
