document.getElementById("sign").submit();
