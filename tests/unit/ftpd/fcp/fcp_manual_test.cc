// SPDX-License-Identifier: ISC
// fcp(1) and the option tables of fcp and fls say the same.
#include "tests/manual.hh"

#include "common/text.hh"
#include "ftpd/fcp/fcp_options.hh"

#include <doctest/doctest.h>

using common::text;
using tests::Manual;

namespace {

// The first line of -h, less its `usage: '.
std::string usage_of(std::string_view program, const std::vector<common::Option>& options,
                     std::string_view operands) {
    const std::string usage = common::usage_text(program, options, operands);
    return usage.substr(7, usage.find('\n') - 7);
}

std::string declared(const std::vector<common::Option>& options) {
    std::string all;
    for (const common::Option& option : options) all += option.shown() + '\n';
    return all;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("fcp(1) lists the options and operands that fcp and fls take") {
        const Manual manual{"fcp.1"};
        ftpd::FcpOptions unused;
        const auto copies = ftpd::fcp_options(unused);
        const auto lists = ftpd::fls_options(unused);
        CHECK(heads(manual.list_behind("The options of")) == declared(copies));
        CHECK(heads(manual.list_behind("are, in the manner of")) == declared(lists));
        CHECK(manual.synopsis() == text(usage_of("fcp", copies, ftpd::fcp_operands), ' ',
                                        usage_of("fls", lists, ftpd::fls_operands)));
        CHECK(manual.says(text("instead of ", ftpd::default_port)));
    }
}
