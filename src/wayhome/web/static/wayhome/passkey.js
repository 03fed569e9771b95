/* Forms marked data-passkey ask the device, put its answer into the field "credential", and go. */
"use strict";
(() => {
  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) => {
    if (!buffer) return null;
    const plain = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const withBytes = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

  async function ask(form) {
    const answer = await fetch(form.dataset.question, {
      method: "POST",
      headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
    });
    if (answer.status === 401 && form.dataset.prove) {
      window.location.assign(form.dataset.prove);
      return null;
    }
    if (!answer.ok) throw new Error("The page is too old. Load it again.");
    const options = (await answer.json()).publicKey;
    options.challenge = bytes(options.challenge);
    if (form.dataset.passkey === "use") {
      options.allowCredentials = withBytes(options.allowCredentials);
      return navigator.credentials.get({ publicKey: options });
    }
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = withBytes(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: options });
  }

  function plain(credential) {
    const said = credential.response;
    const response = { clientDataJSON: text(said.clientDataJSON) };
    if (said.attestationObject) response.attestationObject = text(said.attestationObject);
    if (said.authenticatorData) {
      if (said.signature) {
        response.authenticatorData = text(said.authenticatorData);
        response.signature = text(said.signature);
      }
      if (said.userHandle) response.userHandle = text(said.userHandle);
    }
    return JSON.stringify({
      id: text(credential.rawId), rawId: text(credential.rawId), type: credential.type, response,
    });
  }

  function words(error) {
    if (error.name === "NotAllowedError") return "The device gave no passkey. Try again.";
    if (error.name === "InvalidStateError") return "This device has a passkey of yours already.";
    if (error.name === "SecurityError") return "Passkeys do not work at this address of the site.";
    return error.message;
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!window.PublicKeyCredential) continue;
    form.hidden = false;
    form.addEventListener("submit", async (pressed) => {
      pressed.preventDefault();
      const said = form.querySelector("[data-said]");
      said.textContent = "";
      try {
        const credential = await ask(form);
        if (!credential) return;
        form.elements.credential.value = plain(credential);
        form.submit();
      } catch (error) {
        said.textContent = words(error);
      }
    });
  }
})();
